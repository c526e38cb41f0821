package io.swiftjvm.model;

import static io.swiftjvm.model.Golden.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tiny random checkpoints of every family, made by {@code benchmarks/families/make.py}; the system property
 * {@code swift.families} names a folder of others.
 */
class FamilyGoldenTest {
  private static final double LOGITS = 1e-4;
  private static final double GRADIENTS = 2e-4;

  static Stream<Path> families() throws IOException {
    String other = System.getProperty("swift.families");
    try (Stream<Path> folders = Files.list(other == null ? OracleFiles.path("families") : Path.of(other))) {
      return folders.sorted().toList().stream();
    }
  }

  private static int[][] rows(JsonNode json, String key) {
    List<int[]> rows = new ArrayList<>();
    json.get(key).forEach(row -> rows.add(
        IntStream.range(0, row.size()).map(i -> row.get(i).intValue()).toArray()));
    return rows.toArray(int[][]::new);
  }

  private static JsonNode json(Path folder) {
    try {
      return new ObjectMapper().readTree(folder.resolve("golden.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FlatRows join(int[][] rows) {
    List<Integer> ids = new ArrayList<>();
    List<Integer> positions = new ArrayList<>();
    int[] cu = new int[rows.length + 1];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < rows[r].length; i++) {
        ids.add(rows[r][i]);
        positions.add(i);
      }
      cu[r + 1] = ids.size();
    }
    int[] flat = ids.stream().mapToInt(Integer::intValue).toArray();
    return new FlatRows(flat, positions.stream().mapToInt(Integer::intValue).toArray(), cu,
        IntStream.range(0, flat.length).toArray());
  }

  @ParameterizedTest
  @MethodSource("families")
  void logits_loss_gradients_and_greedy_tokens_are_those_of_the_reference(Path folder) {
    JsonNode json = json(folder);
    int[][] rows = rows(json, "rows");
    boolean byLongest = folder.endsWith("phi3-longrope");
    try (Backend backend = Devices.cpu(2);
        CausalLm model = CausalLm.load(folder, backend);
        SafetensorsFile golden = SafetensorsFile.open(folder.resolve("golden.safetensors"))) {
      float[][] together = ModelRuns.logits(model, join(rows));
      int at = 0;
      for (int r = 0; r < rows.length; r++) {
        float[] expected = golden.entry("logits." + r).floats();
        float[][] alone = ModelRuns.logits(model, FlatRows.of(rows[r]));
        int columns = expected.length / alone.length;
        for (int i = 0; i < alone.length; i++) {
          float[] row = Arrays.copyOfRange(expected, i * columns, (i + 1) * columns);
          assertThat(maxDifference(alone[i], row)).as("row %s, token %s, alone", r, i).isLessThan(LOGITS);
          if (!byLongest) {
            assertThat(maxDifference(together[at], row)).as("row %s, token %s, packed", r, i).isLessThan(LOGITS);
          }
          at++;
        }
      }
      JsonNode greedy = json.get("greedy");
      assertThat(ModelRuns.greedy(model, rows[1], greedy.size()))
          .isEqualTo(IntStream.range(0, greedy.size()).map(i -> greedy.get(i).intValue()).toArray());
      if (!byLongest) {
        learns(model, json, rows);
      }
    }
  }

  private static void learns(CausalLm model, JsonNode json, int[][] rows) {
    int[][] labels = rows(json, "labels");
    int[] shifted = IntStream.range(0, rows.length).boxed()
        .flatMapToInt(r -> IntStream.range(0, rows[r].length).map(i -> i + 1 < rows[r].length ? labels[r][i + 1] : -100))
        .toArray();
    long count = IntStream.of(shifted).filter(label -> label != -100).count();
    model.trainFull();
    ModelRuns.Learnt learnt = ModelRuns.learn(model, join(rows), shifted, count, Recompute.NONE);
    double loss = json.get("loss").asDouble();
    assertThat(learnt.loss()).isCloseTo(loss, within(5e-6 * loss));
    ModelRuns.Learnt again = ModelRuns.learn(model, join(rows), shifted, count, Recompute.FULL);
    ModelRuns.Learnt thrifty = ModelRuns.learn(model, join(rows), shifted, count, Recompute.SELECTIVE);
    JsonNode gradients = json.get("gradients");
    assertThat(learnt.gradients().keySet()).containsAll(gradients.propertyStream().map(e -> e.getKey()).toList());
    gradients.propertyStream().forEach(entry -> {
      float[] gradient = learnt.gradients().get(entry.getKey());
      double norm = 0;
      double probe = 0;
      for (int i = 0; i < gradient.length; i++) {
        norm += (double) gradient[i] * gradient[i];
        probe += gradient[i] * Math.sin(i + 1);
      }
      double wanted = entry.getValue().get("norm").asDouble();
      assertThat(Math.sqrt(norm)).as("norm of %s", entry.getKey()).isCloseTo(wanted, within(GRADIENTS * wanted + 1e-6));
      assertThat(probe).as("probe of %s", entry.getKey())
          .isCloseTo(entry.getValue().get("probe").asDouble(), within(GRADIENTS * wanted + 1e-6));
      assertThat(thrifty.gradients().get(entry.getKey())).as("%s partly recomputed", entry.getKey()).isEqualTo(gradient);
      assertThat(again.gradients().get(entry.getKey())).as("%s recomputed", entry.getKey())
          .usingComparatorWithPrecision(1e-5f).containsExactly(gradient);
    });
  }
}
