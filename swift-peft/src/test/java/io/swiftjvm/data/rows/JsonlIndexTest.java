package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows by number, out of mapped files. */
class JsonlIndexTest {
  @TempDir
  Path temp;

  private static String row(String query) {
    return "{\"query\": \"" + query + "\", \"response\": \"a\"}";
  }

  @Test
  void any_row_is_found_and_is_the_one_that_reading_gives() throws IOException {
    Files.writeString(temp.resolve("a.jsonl"), "\uFEFF" + row("one") + "\r\n\n  \n" + row("tw\u00f6 \uD83D\uDE00") + "\n");
    Files.writeString(temp.resolve("b.jsonl"), "\n" + row("three") + "\nbad\n" + row("four"));
    Files.writeString(temp.resolve("c.jsonl"), "");
    try (JsonlIndex index = JsonlIndex.open(DatasetSpec.parse(temp.toString()))) {
      List<Row> read = DatasetLoader.load(List.of(temp.toString()), LoadOptions.DEFAULT).rows();
      assertThat(index.size()).isEqualTo(5);
      int at = 0;
      for (int i : new int[] {0, 1, 2, 4}) {
        assertThat(index.row(i, LoadOptions.DEFAULT).messages()).isEqualTo(read.get(at).messages());
        assertThat(index.origin(i)).isEqualTo(read.get(at++).origin());
      }
      assertThatThrownBy(() -> index.row(3, LoadOptions.DEFAULT)).isInstanceOf(DatasetException.class);
      assertThat(index.origin(3)).isEqualTo(new Origin(temp.resolve("b.jsonl").toString(), 3));
    }
  }

  @Test
  void other_files_are_refused_by_name() throws IOException {
    Path csv = Files.writeString(temp.resolve("a.csv"), "query,response\na,b\n");
    for (String spec : List.of(csv.toString(), DatasetSpec.SELF_COGNITION, temp.resolve("none.jsonl").toString())) {
      assertThatThrownBy(() -> JsonlIndex.open(DatasetSpec.parse(spec))).isInstanceOf(DatasetException.class)
          .hasMessageContaining(spec);
    }
  }
}
