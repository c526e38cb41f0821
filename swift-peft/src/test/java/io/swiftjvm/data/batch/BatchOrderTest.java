package io.swiftjvm.data.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which rows form the batches of which epoch. */
class BatchOrderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The reference's batches over the reference's own random order. */
  @Test
  void batches_are_those_of_the_reference() throws IOException {
    JsonNode golden = JSON.readTree(OracleFiles.path("swift_data/packing.json").toFile()).path("batches");
    for (JsonNode test : golden) {
      int[] lengths = new int[test.path("lengths").size()];
      for (int i = 0; i < lengths.length; i++) {
        JsonNode length = test.path("lengths").get(i); // a pair of rows counts with the longer one
        lengths[i] = length.isArray() ? Math.max(length.get(0).asInt(), length.get(1).asInt()) : length.asInt();
      }
      int size = test.path("batch_size").asInt();
      boolean shuffle = test.path("shuffle").asBoolean();
      int[] order = shuffle ? JSON.convertValue(test.path("torch_randperm"), int[].class) : IntStream.range(0, lengths.length).toArray();
      Epoch epoch = Epoch.even(
          test.path("group_by_length").asBoolean() ? LengthGroups.order(order, lengths, size) : order, size);
      List<int[]> batches = IntStream.range(0, epoch.batches()).mapToObj(epoch::batch)
          .filter(batch -> batch.length == size || !test.path("drop_last").asBoolean()).toList();
      assertThat(JSON.valueToTree(batches).toString()).isEqualTo(test.path("batches").toString());
    }
    assertThat(golden).hasSize(8);
  }

  @Test
  void every_order_takes_every_row_once_and_differs_by_epoch_and_seed() {
    int[] lengths = new Random(3).ints(2500, 1, 300).toArray();
    List<BatchOrder> orders = List.of(BatchOrder.ofRows(2500, 7, true, 1), BatchOrder.byLength(lengths, 7, 1),
        BatchOrder.byTokens(lengths, 512, true, 1));
    for (BatchOrder order : orders) {
      assertThat(order.epoch(0).rows()).isEqualTo(order.epoch(0).rows()).isNotEqualTo(order.epoch(1).rows());
      for (int number = 0; number < 3; number++) {
        Epoch epoch = order.epoch(number);
        int[] rows = IntStream.range(0, epoch.batches()).mapToObj(epoch::batch).flatMapToInt(Arrays::stream).sorted().toArray();
        assertThat(rows).isEqualTo(IntStream.range(0, 2500).toArray());
      }
    }
    assertThat(BatchOrder.byTokens(lengths, 512, true, 2).epoch(0).rows()).isNotEqualTo(orders.get(2).epoch(0).rows());
  }

  @Test
  void a_batch_by_tokens_never_exceeds_its_budget_and_wastes_little() {
    int[] lengths = new Random(4).ints(3000, 1, 200).toArray();
    for (boolean shuffle : new boolean[] {true, false}) {
      Epoch epoch = BatchOrder.byTokens(lengths, 1000, shuffle, 9).epoch(0);
      long full = 0;
      for (int i = 0; i < epoch.batches(); i++) {
        int tokens = IntStream.of(epoch.batch(i)).map(row -> lengths[row]).sum();
        assertThat(tokens).isBetween(1, 1000);
        full += tokens;
      }
      assertThat((double) full / (1000.0 * epoch.batches())).isGreaterThan(0.85);
    }
    assertThat(BatchOrder.byTokens(lengths, 1000, false, 9).epoch(4).rows()).isSorted();
    assertThatThrownBy(() -> BatchOrder.byTokens(lengths, 100, true, 9).epoch(0)).hasMessageContaining("limit 100");
    assertThat(BatchOrder.byTokens(new int[0], 100, true, 9).epoch(0).batches()).isZero();
  }

  @Test
  void rows_of_like_length_come_together_and_the_longest_first() {
    int[] lengths = new Random(5).ints(4000, 1, 1000).toArray();
    Epoch epoch = BatchOrder.byLength(lengths, 4, 1).epoch(2);
    assertThat(Arrays.stream(epoch.batch(0)).map(row -> lengths[row]).max().getAsInt())
        .isEqualTo(Arrays.stream(lengths).max().getAsInt());
    double spread = IntStream.range(0, epoch.batches()).map(i -> {
      int[] own = IntStream.of(epoch.batch(i)).map(row -> lengths[row]).sorted().toArray();
      return own[own.length - 1] - own[0];
    }).average().getAsDouble();
    assertThat(spread).isLessThan(40); // 600 without grouping
  }

  @Test
  void a_shuffle_is_a_permutation_that_reaches_every_place() {
    boolean[][] seen = new boolean[4][4];
    for (long seed = 0; seed < 200; seed++) {
      int[] order = {0, 1, 2, 3};
      BatchOrder.shuffle(order, seed, "x");
      assertThat(order).containsExactlyInAnyOrder(0, 1, 2, 3);
      for (int i = 0; i < 4; i++) {
        seen[i][order[i]] = true;
      }
    }
    assertThat(List.of(seen)).allSatisfy(row -> assertThat(row).containsOnly(true));
  }
}
