package io.swiftjvm.data.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that pyarrow wrote ({@code benchmarks/interop/make_parquet.py}), against what it was given. */
class ParquetFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path temp;

  private static Path file(String name) {
    try {
      URL url = Objects.requireNonNull(ParquetFileTest.class.getResource("/parquet/" + name), name);
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Map<String, @Nullable Object>> rows(Path path) {
    List<Map<String, @Nullable Object>> out = new ArrayList<>();
    try (ParquetFile file = ParquetFile.open(path)) {
      for (Map<String, @Nullable Object> row = file.next(); row != null; row = file.next()) {
        out.add(row);
        assertThat(file.row()).isEqualTo(out.size());
      }
    }
    return out;
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy.parquet", "plain.parquet", "gzip-v2.parquet"})
  void every_row_is_the_one_that_was_written(String name) throws IOException {
    List<Map<String, @Nullable Object>> rows = rows(file(name));
    List<String> lines = Files.readAllLines(file("chats.jsonl"));
    assertThat(rows).hasSameSizeAs(lines);
    for (int i = 0; i < rows.size(); i++) {
      JsonNode got = JSON.readTree(JSON.writeValueAsString(rows.get(i)));
      assertThat(got).as(name + " row " + (i + 1)).isEqualTo(JSON.readTree(lines.get(i)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy.parquet", "plain.parquet", "gzip-v2.parquet"})
  void a_data_set_in_parquet_is_the_same_as_in_jsonl(String name) {
    LoadOptions options = LoadOptions.DEFAULT;
    List<Row> rows = DatasetLoader.load(List.of(file(name).toString()), options).rows();
    List<Row> lines = DatasetLoader.load(List.of(file("chats.jsonl").toString()), options).rows();
    assertThat(rows.stream().map(Row::messages)).isEqualTo(lines.stream().map(Row::messages).toList());
    assertThat(rows.get(4).origin()).hasToString(file(name) + ":5");
  }

  @Test
  void an_empty_file_has_no_row_and_an_unknown_compression_is_refused_by_name() {
    assertThat(rows(file("empty.parquet"))).isEmpty();
    assertThatThrownBy(() -> rows(file("zstd.parquet"))).isInstanceOf(DatasetException.class).hasMessageContaining("ZSTD")
        .hasMessageContaining("zstd.parquet").hasMessageContaining("snappy");
    assertThatThrownBy(() -> rows(file("chats.jsonl"))).isInstanceOf(DatasetException.class).hasMessageContaining("PAR1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy.parquet", "plain.parquet", "gzip-v2.parquet"})
  void a_damaged_file_is_refused_with_its_name_or_read(String name) throws IOException {
    byte[] good = Files.readAllBytes(file(name));
    Random random = new Random(name.hashCode());
    Path path = temp.resolve(name);
    int refused = 0;
    for (int round = 0; round < 160; round++) {
      byte[] bad = round % 4 == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
      for (int i = 0; i < 1 + round % 5 && bad.length > 0; i++) {
        int at = round % 3 == 0 ? Math.max(0, bad.length - 1 - random.nextInt(2000)) : random.nextInt(bad.length);
        bad[Math.min(at, bad.length - 1)] = (byte) random.nextInt();
      }
      Files.write(path, bad);
      try {
        rows(path);
      } catch (DatasetException e) {
        refused++;
        assertThat(e).hasMessageContaining(name);
      }
    }
    assertThat(refused).isGreaterThan(40);
  }
}
