package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.BatchOrder;
import io.swiftjvm.train.BatchSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which rows come in which step. */
class RowBatchesTest {
  private static final int NONE = -100;

  /** Rows of one, two, three ... tokens; the id is the row. */
  private static List<Batch> rows(int count) {
    return IntStream.range(0, count).mapToObj(row -> {
      int n = row % 3 + 1;
      int[] ids = IntStream.range(0, n).map(_ -> row).toArray();
      return new Batch(ids, IntStream.range(0, n).toArray(), new int[] {0, n}, ids.clone(), null);
    }).toList();
  }

  private static RowBatches source(int rows, int perDevice, int accumulation, boolean shuffle, long seed) {
    return new RowBatches(rows(rows), BatchSpec.DEFAULT.perDevice(perDevice).accumulation(accumulation).epochs(2),
        BatchOrder.ofRows(rows, perDevice, shuffle, seed), "f");
  }

  /** The rows of an epoch in order. */
  private static List<Integer> epoch(RowBatches source, int number) {
    int steps = source.steps() / 2;
    List<Integer> rows = new ArrayList<>();
    for (int step = number * steps; step < (number + 1) * steps; step++) {
      for (Batch batch : source.step(step)) {
        for (int s = 0; s + 1 < batch.cuSeqlens().length; s++) {
          rows.add(batch.ids()[batch.cuSeqlens()[s]]);
        }
      }
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "10, 1, 1", "10, 3, 1", "10, 3, 2", "10, 1, 4", "10, 16, 1", "7, 2, 16", "12, 2, 3", "9, 65536, 65536",
      "9, 2147483647, 1", "9, 2, 2147483647", "9, 1, 2147483647"})
  void an_epoch_takes_every_row_once(int rows, int perDevice, int accumulation) {
    RowBatches source = source(rows, perDevice, accumulation, true, 7);
    List<Integer> all = IntStream.range(0, rows).boxed().toList();
    assertThat(epoch(source, 0)).containsExactlyInAnyOrderElementsOf(all);
    assertThat(epoch(source, 1)).containsExactlyInAnyOrderElementsOf(all);
    assertThat(epoch(source(rows, perDevice, accumulation, false, 7), 1)).isEqualTo(all);
    for (int step = 0; step < source.steps(); step++) {
      assertThat(source.step(step)).isNotEmpty().hasSizeLessThanOrEqualTo(accumulation)
          .allSatisfy(batch -> assertThat(batch.cuSeqlens().length - 1).isBetween(1, perDevice));
    }
    assertThat(source.epoch(source.steps() - 1)).isEqualTo(2);
  }

  @Test
  void the_order_is_a_function_of_seed_and_epoch_alone() {
    RowBatches source = source(20, 2, 2, true, 7);
    assertThat(epoch(source, 1)).isEqualTo(epoch(source(20, 2, 2, true, 7), 1)).isNotEqualTo(epoch(source, 0));
    assertThat(epoch(source(20, 2, 2, true, 8), 0)).isNotEqualTo(epoch(source, 0));
    assertThat(epoch(source(20, 5, 1, true, 7), 0)).isEqualTo(epoch(source, 0));
    assertThat(source.fingerprint()).isEqualTo("f");
  }

  @Test
  void rows_of_a_batch_lie_one_behind_the_other_with_their_own_positions() {
    Batch weighted = new Batch(new int[] {8, 9}, new int[] {0, 1}, new int[] {0, 2}, new int[] {9, NONE}, new float[] {0.5f, 0});
    Batch joined = RowBatches.join(List.of(rows(3).get(2), weighted, rows(3).get(0)));
    assertThat(joined.ids()).containsExactly(2, 2, 2, 8, 9, 0);
    assertThat(joined.positions()).containsExactly(0, 1, 2, 0, 1, 0);
    assertThat(joined.cuSeqlens()).containsExactly(0, 3, 5, 6);
    assertThat(joined.labels()).containsExactly(2, 2, 2, 9, NONE, 0);
    assertThat(joined.weights()).containsExactly(1, 1, 1, 0.5f, 0, 1);
    assertThat(RowBatches.join(List.of(joined, joined)).cuSeqlens()).containsExactly(0, 3, 5, 6, 9, 11, 12);
    assertThat(RowBatches.join(List.of(weighted))).isSameAs(weighted);
    assertThat(RowBatches.join(rows(2)).weights()).isNull();
  }

  @Test
  void epochs_of_batches_by_tokens_follow_each_other_without_a_gap() {
    List<Batch> rows = rows(50);
    int[] lengths = rows.stream().mapToInt(row -> row.ids().length).toArray();
    BatchSpec spec = BatchSpec.DEFAULT.accumulation(3).epochs(2.5);
    RowBatches source = new RowBatches(rows, spec, BatchOrder.byTokens(lengths, 7, true, 1), "f");
    List<Integer> seen = new ArrayList<>();
    double before = 0;
    for (int step = 0; step < source.steps(); step++) {
      for (Batch batch : source.step(step)) {
        assertThat(batch.ids().length).isLessThanOrEqualTo(7);
        IntStream.of(batch.cuSeqlens()).limit(batch.cuSeqlens().length - 1).forEach(start -> seen.add(batch.ids()[start]));
      }
      assertThat(source.epoch(step)).isGreaterThan(before);
      before = source.epoch(step);
    }
    assertThat(before).isBetween(2.4, 2.7);
    assertThat(seen.subList(0, 50)).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 50).boxed().toList());
    assertThat(seen.subList(50, 100)).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 50).boxed().toList());
    assertThat(source.step(5).getFirst().ids()).isEqualTo(source.step(5).getFirst().ids());
  }

  @Test
  void a_unit_without_tokens_is_left_out() {
    Batch none = new Batch(new int[0], new int[0], new int[] {0, 0}, new int[0], null);
    RowBatches source = new RowBatches(List.of(rows(1).getFirst(), none, none), BatchSpec.DEFAULT.perDevice(2).accumulation(1)
        .epochs(1), BatchOrder.ofRows(3, 2, false, 0), "f");
    assertThat(source.steps()).isEqualTo(2);
    assertThat(source.step(0)).singleElement().extracting(batch -> batch.ids().length).isEqualTo(1);
    assertThat(source.step(1)).isEmpty();
  }
}
