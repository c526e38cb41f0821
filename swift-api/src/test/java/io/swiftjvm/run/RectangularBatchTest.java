package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token ids as other libraries pass them. */
class RectangularBatchTest {
  @TempDir
  Path temp;

  private static SafetensorsWriter longs(SafetensorsWriter out, String name, int rows, long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return out.add(name, DType.I64, new long[] {rows, values.length / rows}, MemorySegment.ofBuffer(bytes));
  }

  private RectangularBatch read(UnaryOperator<SafetensorsWriter> parts) {
    Path file = temp.resolve("batch.safetensors");
    parts.apply(new SafetensorsWriter()).write(file);
    return RectangularBatch.read(file, 10);
  }

  private void refused(UnaryOperator<SafetensorsWriter> parts, String... words) {
    assertThatThrownBy(() -> read(parts)).isInstanceOf(ModelFormatException.class).hasMessageContaining("batch.safetensors")
        .hasMessageContainingAll(words);
  }

  @Test
  void rows_are_sequences_with_positions_from_zero() {
    RectangularBatch batch = read(w -> longs(w, "input_ids", 2, 1, 2, 3, 4, 5, 6));
    assertThat(batch.batch()).isEqualTo(2);
    assertThat(batch.length()).isEqualTo(3);
    assertThat(batch.ids()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(batch.positions()).containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(batch.cuSeqlens()).containsExactly(0, 3, 6);
    assertThat(batch.labels()).isNull();
    assertThat(batch.labelled()).isZero();
  }

  @Test
  void masked_tokens_are_left_out_on_either_side() {
    RectangularBatch batch = read(w -> longs(longs(w, "input_ids", 2, 0, 1, 2, 3, 4, 0), "attention_mask", 2, 0, 1, 1, 1, 1, 0));
    assertThat(batch.ids()).containsExactly(1, 2, 3, 4);
    assertThat(batch.places()).containsExactly(1, 2, 3, 4);
    assertThat(batch.cuSeqlens()).containsExactly(0, 2, 4);
  }

  @Test
  void labels_move_to_the_token_that_predicts_them() {
    RectangularBatch batch = read(w -> longs(longs(w, "input_ids", 2, 1, 2, 3, 4, 5, 6), "labels", 2, 1, 2, -100, 4, 5, 6));
    assertThat(batch.labels()).containsExactly(2, -100, -100, 5, 6, -100);
    assertThat(batch.labelled()).isEqualTo(3);
  }

  @Test
  void positions_that_start_again_separate_sequences_where_there_is_no_mask() {
    RectangularBatch packed = read(w -> longs(longs(w, "input_ids", 1, 1, 2, 3, 4), "position_ids", 1, 0, 1, 0, 1));
    assertThat(packed.cuSeqlens()).containsExactly(0, 2, 4);
    assertThat(packed.positions()).containsExactly(0, 1, 0, 1);
    RectangularBatch shifted = read(w -> longs(longs(w, "input_ids", 1, 1, 2, 3), "position_ids", 1, 5, 6, 7));
    assertThat(shifted.cuSeqlens()).containsExactly(0, 3);
    assertThat(shifted.positions()).containsExactly(5, 6, 7);
  }

  @Test
  void a_label_of_a_masked_neighbour_is_not_trained() {
    RectangularBatch batch = read(w -> longs(longs(longs(w, "input_ids", 1, 1, 2, 3), "attention_mask", 1, 1, 1, 0),
        "labels", 1, 1, 2, -100));
    assertThat(batch.labels()).containsExactly(2, -100);
  }

  @Test
  void a_batch_that_cannot_be_is_refused_by_name() {
    refused(w -> longs(w, "ids", 1, 1), "input_ids", "ids");
    refused(w -> longs(w, "input_ids", 1, 1, 10), "input_ids", "10", "0..9");
    refused(w -> longs(w, "input_ids", 1, 1, -1), "input_ids", "-1");
    refused(w -> longs(longs(w, "input_ids", 1, 1, 2), "labels", 1, 1, 11), "labels", "11");
    refused(w -> longs(longs(w, "input_ids", 1, 1, 2), "labels", 2, 1, 2), "labels", "[2, 1]");
    refused(w -> longs(longs(w, "input_ids", 1, 1, 2), "position_ids", 1, 0, -1), "position_ids", "-1");
    refused(w -> w.add("input_ids", new long[] {1, 2}, new float[] {1, 2}), "input_ids", "F32");
    refused(w -> w.add("input_ids", DType.I64, new long[] {1, 0}, MemorySegment.ofArray(new byte[0])), "[1, 0]");
    refused(w -> w.add("input_ids", DType.I64, new long[] {1}, MemorySegment.ofArray(new byte[8])), "[1]");
  }

  @Test
  void a_batch_without_any_token_is_refused() {
    refused(w -> longs(longs(w, "input_ids", 1, 1, 2), "attention_mask", 1, 0, 0), "attention_mask");
  }
}
