package io.swiftjvm.data.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Packs of ms-swift, and what must hold for any packs. */
class PackingGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void packs_are_those_of_the_reference() throws IOException {
    JsonNode golden = JSON.readTree(OracleFiles.path("swift_data/packing.json").toFile()).path("dataset");
    for (JsonNode test : golden) {
      int[] lengths = new int[test.path("lengths").size()];
      for (int i = 0; i < lengths.length; i++) {
        JsonNode length = test.path("lengths").get(i); // a pair of rows counts with both lengths
        lengths[i] = length.isArray() ? length.get(0).asInt() + length.get(1).asInt() : length.asInt();
      }
      Packing.Strategy strategy = Packing.Strategy.valueOf(test.path("strategy").asText().toUpperCase(Locale.ROOT));
      List<int[]> packs = Packing.pack(lengths, test.path("packing_length").asInt(), strategy);
      assertThat(JSON.valueToTree(packs).toString()).as(strategy + " of " + lengths.length + " rows")
          .isEqualTo(test.path("packs").toString());
    }
    assertThat(golden).hasSizeGreaterThan(10);
  }

  @Test
  void windows_carry_over_what_the_reference_carries() throws IOException {
    JsonNode golden = JSON.readTree(OracleFiles.path("swift_data/packing.json").toFile()).path("window");
    for (JsonNode test : golden) {
      int[] lengths = JSON.convertValue(test.path("lengths"), int[].class);
      Packing.Window window = Packing.window(lengths, test.path("packing_length").asInt(),
          Packing.Strategy.of(test.path("strategy").asText()), test.path("is_finished").asBoolean());
      assertThat(JSON.valueToTree(window.packs()).toString()).isEqualTo(test.path("packs").toString());
      assertThat(JSON.valueToTree(window.carried()).toString()).isEqualTo(test.path("carried").toString());
    }
    assertThat(golden).hasSize(16);
  }

  @Test
  void every_row_is_in_one_pack_and_no_pack_overflows() {
    int[] lengths = new Random(1).ints(5000, 8, 500).toArray();
    for (Packing.Strategy strategy : Packing.Strategy.values()) {
      List<int[]> packs = Packing.pack(lengths, 1024, strategy);
      assertThat(packs.stream().flatMapToInt(Arrays::stream).sorted().toArray())
          .isEqualTo(IntStream.range(0, lengths.length).toArray());
      assertThat(packs).allMatch(pack -> Arrays.stream(pack).map(row -> lengths[row]).sum() <= 1024);
    }
    assertThat(Packing.fillRatio(lengths, Packing.pack(lengths, 1024, Packing.Strategy.BINPACK), 1024)).isGreaterThan(0.95);
  }

  @Test
  void a_row_above_the_capacity_has_a_pack_of_its_own() {
    List<int[]> packs = Packing.pack(new int[] {3, 50, 4}, 10, Packing.Strategy.BINPACK);
    assertThat(packs).anyMatch(pack -> pack.length == 1 && pack[0] == 1);
  }
}
