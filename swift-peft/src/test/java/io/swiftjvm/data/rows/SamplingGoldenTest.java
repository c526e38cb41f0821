package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which rows come in which order, against ms-swift's. Its shuffles are numpy's; where one is at work, the numbers of
 * rows and how often each may come are compared.
 */
class SamplingGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path temp;
  private JsonNode golden;

  @BeforeEach
  void files() throws IOException {
    golden = JSON.readTree(OracleFiles.path("swift_data/sampling.json").toFile());
    for (String name : List.of("f10.jsonl", "g4.jsonl")) {
      StringBuilder text = new StringBuilder();
      int start = name.startsWith("f") ? 100 : 40;
      for (int i = 0; i < golden.path("files").path(name).asInt(); i++) {
        text.append("{\"query\": \"").append(name.charAt(0)).append(start + i).append("\", \"response\": \"a\"}\n");
      }
      Files.writeString(temp.resolve(name), text);
    }
  }

  private static String query(Row row) {
    return String.valueOf(row.messages().getFirst().content());
  }

  private static List<String> texts(JsonNode array) {
    List<String> out = new ArrayList<>();
    array.forEach(node -> out.add(node.asText()));
    return out;
  }

  private List<String> specs(JsonNode test) {
    JsonNode given = test.path("datasets");
    List<String> names = given.isArray() ? texts(given) : List.of(given.asText());
    return names.stream().map(name -> temp.resolve(name).toString()).toList();
  }

  @Test
  void specs_are_parsed_as_by_the_reference() {
    for (JsonNode test : golden.path("syntax")) {
      String spec = test.path("spec").asText();
      if (test.has("error")) {
        assertThatThrownBy(() -> DatasetSpec.parse(spec)).as(spec).isInstanceOf(DatasetException.class).hasMessageContaining(spec);
        continue;
      }
      DatasetSpec parsed = DatasetSpec.parse(spec);
      assertThat(parsed.path()).as(spec).isEqualTo(test.path("dataset").asText());
      assertThat(parsed.subsets()).as(spec).isEqualTo(texts(test.path("subsets")));
      // -1 asks for all rows, as leaving it out does
      Integer sample = test.path("sample").isNull() || test.path("sample").asInt() == -1 ? null : test.path("sample").asInt();
      assertThat(parsed.count()).as(spec).isEqualTo(sample);
      assertThat(parsed.hub()).as(spec)
          .isEqualTo(test.path("use_hf").isNull() ? null : test.path("use_hf").asBoolean() ? "hf" : "ms");
    }
    assertThat(golden.path("syntax")).hasSize(17);
  }

  @Test
  void rows_are_sampled_split_and_joined_as_by_the_reference() {
    int compared = 0;
    for (JsonNode test : golden.path("load")) {
      JsonNode options = test.path("options");
      if (options.path("streaming").asBoolean() || options.has("interleave_prob")) {
        continue;
      }
      compared++;
      double ratio = options.path("split_dataset_ratio").asDouble(0);
      LoadOptions load = LoadOptions.DEFAULT.shuffle(options.path("shuffle").asBoolean());
      if (test.has("error") || ratio == 1) { // all rows held out leave none to train on
        assertThatThrownBy(() -> load(test, load, ratio)).isInstanceOf(DatasetException.class);
        continue;
      }
      LoadedRows rows = load(test, load, ratio);
      List<String> train = new ArrayList<>(rows.rows().stream().map(SamplingGoldenTest::query).toList());
      List<String> held = rows.held().stream().map(SamplingGoldenTest::query).toList();
      List<String> wanted = texts(test.path("train"));
      List<String> wantedHeld = texts(test.path("val"));
      if (load.shuffle()) {
        assertThat(times(train)).as(test.toString()).isEqualTo(times(wanted));
        assertThat(held).hasSameSizeAs(wantedHeld).doesNotHaveDuplicates().doesNotContainAnyElementsOf(train);
      } else {
        assertThat(train).as(test.toString()).isEqualTo(wanted);
        assertThat(held).as(test.toString()).isEqualTo(wantedHeld);
      }
    }
    assertThat(compared).isEqualTo(17);
  }

  /** How often the most, the second most, .. frequent row comes. */
  private static List<Integer> times(List<String> rows) {
    return rows.stream().distinct().map(row -> Collections.frequency(rows, row)).sorted().toList();
  }

  private LoadedRows load(JsonNode test, LoadOptions options, double ratio) {
    return DatasetLoader.load(specs(test), options, ratio, Mixing.NONE, new Drops(options, drop -> { }));
  }

  @Test
  void a_mixture_ends_where_the_reference_ends_it() {
    int compared = 0;
    for (JsonNode test : golden.path("load")) {
      if (!test.path("options").has("interleave_prob")) {
        continue;
      }
      compared++;
      List<String> wanted = texts(test.path("train"));
      Iterator<Integer> picks = wanted.stream().map(row -> row.startsWith("f") ? 0 : 1).iterator();
      Drops drops = new Drops(LoadOptions.DEFAULT, drop -> { });
      List<Supplier<RowStream>> sources = specs(test).stream().<Supplier<RowStream>>map(spec ->
          () -> DatasetLoader.open(DatasetSpec.parse(spec), LoadOptions.DEFAULT, drops)).toList();
      Mixing.Stopping stopping = Mixing.Stopping.of(test.path("options").path("stopping_strategy").asText("first_exhausted"));
      List<String> got = new ArrayList<>();
      try (MixedRows mixed = new MixedRows(sources, stopping, picks::next)) { // fails if a pick too many is asked for
        for (Row row = mixed.next(); row != null; row = mixed.next()) {
          got.add(query(row));
        }
      }
      assertThat(got).isEqualTo(wanted);
    }
    assertThat(compared).isEqualTo(2);
  }

  @Test
  void a_mixture_takes_the_asked_shares_and_tells_what_it_leaves_or_repeats() throws IOException {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 4000; i++) {
      many.append("{\"query\": \"m").append(i).append("\", \"response\": \"a\"}\n");
    }
    Files.writeString(temp.resolve("many.jsonl"), many);
    List<String> specs = List.of(temp.resolve("many.jsonl").toString(), temp.resolve("f10.jsonl") + "#1000");
    for (Mixing.Stopping stopping : Mixing.Stopping.values()) {
      Mixing mixing = new Mixing(List.of(0.7, 0.3), stopping);
      Drops drops = new Drops(LoadOptions.DEFAULT, drop -> { });
      LoadedRows loaded = DatasetLoader.load(specs, LoadOptions.DEFAULT, 0, mixing, drops);
      long first = loaded.rows().stream().filter(row -> query(row).startsWith("m")).count();
      assertThat((double) first / loaded.rows().size()).isBetween(0.67, 0.73);
      assertThat(loaded.report().kept()).isEqualTo(loaded.rows().size());
      assertThat(loaded.notes()).singleElement().asString()
          .contains(stopping == Mixing.Stopping.FIRST_EXHAUSTED ? "ends before" : "takes");
      List<String> streamed = new ArrayList<>();
      try (RowStream rows = DatasetLoader.open(specs, LoadOptions.DEFAULT, 0, mixing, drops)) {
        for (Row row = rows.next(); row != null; row = rows.next()) {
          streamed.add(query(row));
        }
      }
      assertThat(streamed).isEqualTo(loaded.rows().stream().map(SamplingGoldenTest::query).toList());
    }
  }

  private static List<String> all(RowStream stream) {
    List<String> out = new ArrayList<>();
    try (stream) {
      for (Row row = stream.next(); row != null; row = stream.next()) {
        out.add(query(row));
      }
    }
    return out;
  }

  @Test
  void streams_are_those_of_the_reference() {
    int compared = 0;
    for (JsonNode test : golden.path("load")) {
      if (!test.path("options").path("streaming").asBoolean()) {
        continue;
      }
      compared++;
      double ratio = test.path("options").path("split_dataset_ratio").asDouble(0);
      Drops drops = new Drops(LoadOptions.DEFAULT, drop -> { });
      assertThat(all(DatasetLoader.open(specs(test), LoadOptions.DEFAULT, ratio, Mixing.NONE, drops)))
          .isEqualTo(texts(test.path("train")));
      assertThat(DatasetLoader.held(specs(test), LoadOptions.DEFAULT, ratio).stream().map(SamplingGoldenTest::query))
          .isEqualTo(texts(test.path("val")));
    }
    assertThat(compared).isEqualTo(3);
    assertThatThrownBy(() -> DatasetLoader.held(List.of(temp.resolve("f10.jsonl").toString()), LoadOptions.DEFAULT, 0.5))
        .isInstanceOf(DatasetException.class).hasMessageContaining("split_dataset_ratio");
  }

  @Test
  void a_stream_begins_again_where_there_are_fewer_rows_than_asked_for() {
    List<String> path = List.of(temp.resolve("f10.jsonl#25").toString());
    assertThat(all(DatasetLoader.open(path, LoadOptions.DEFAULT, 0, Mixing.NONE, new Drops(LoadOptions.DEFAULT, d -> { }))))
        .isEqualTo(DatasetLoader.load(path, LoadOptions.DEFAULT).rows().stream().map(SamplingGoldenTest::query).toList());
  }

  @Test
  void a_shuffled_stream_gives_every_row_once_none_far_before_its_place() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      rows.add(new Row(List.of(new Message("user", "r" + i, null, null)), Map.of(), new Origin("f", i)));
    }
    List<String> plain = all(new ListRows(rows));
    for (int size : new int[] {1, 7, 100, 5000}) {
      List<String> shuffled = all(new ShuffledRows(new ListRows(rows), size, 3, "pass 0"));
      assertThat(shuffled).containsExactlyInAnyOrderElementsOf(plain);
      assertThat(shuffled.equals(plain)).isEqualTo(size == 1);
      for (int i = 0; i < shuffled.size(); i++) {
        assertThat(Integer.parseInt(shuffled.get(i).substring(1))).isLessThan(i + size);
      }
      assertThat(all(new ShuffledRows(new ListRows(rows), size, 3, "pass 0"))).isEqualTo(shuffled);
      assertThat(all(new ShuffledRows(new ListRows(rows), size, 3, "pass 1")).equals(shuffled)).isEqualTo(size == 1);
    }
  }
}
