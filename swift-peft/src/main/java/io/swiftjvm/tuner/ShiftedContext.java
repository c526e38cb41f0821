package io.swiftjvm.tuner;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Packed rows whose tokens see their group alone; groups of the second half of the heads begin half a group later. */
final class ShiftedContext implements AttentionContext {
  private final AttentionContext whole;
  private final Segments straight;
  private final Segments shifted;

  ShiftedContext(AttentionContext whole, int group, int... cuSeqlens) {
    this.whole = whole;
    this.straight = groups(cuSeqlens, group, group);
    this.shifted = groups(cuSeqlens, group / 2, group);
  }

  /** Groups of every row, of which the first one of a row has {@code first} tokens. */
  private static Segments groups(int[] rows, int first, int group) {
    IntStream.Builder starts = IntStream.builder();
    for (int i = 0; i + 1 < rows.length; i++) {
      starts.add(rows[i]);
      for (int at = rows[i] + first; at < rows[i + 1]; at += group) {
        starts.add(at);
      }
    }
    return Segments.packed(starts.add(rows[rows.length - 1]).build().toArray());
  }

  @Override
  public Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
    Tensor left = half(ops, q, k, v, spec, straight, 0);
    return Slices.joinColumns(ops, List.of(left, half(ops, q, k, v, spec, shifted, 1)));
  }

  private static Tensor half(
      Ops ops, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, int number) {
    int keys = Math.max(1, spec.kvHeads() / 2);
    AttentionSpec own = new AttentionSpec(
        spec.heads() / 2, keys, spec.headDim(), spec.valueDim(), spec.scale(), spec.window(), spec.softCap(),
        spec.weights());
    // One key head belongs to both halves.
    int from = spec.kvHeads() == 1 ? 0 : number;
    return ops.attention(heads(ops, q, number, own.heads(), spec.headDim()),
        heads(ops, k, from, keys, spec.headDim()), heads(ops, v, from, keys, spec.valueDim()), own, segments);
  }

  private static Tensor heads(Ops ops, Tensor x, int half, int count, int width) {
    Tensor flat = ops.reshape(x, x.dim(0), x.size() / x.dim(0));
    long columns = (long) count * width;
    return ops.reshape(Slices.columns(ops, flat, half * columns, columns), x.dim(0), count, width);
  }

  @Override
  public List<Recurrence> recurrences(int key, long size) {
    return whole.recurrences(key, size);
  }
}
