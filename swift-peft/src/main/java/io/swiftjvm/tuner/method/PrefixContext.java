package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Packed rows, each with trained keys and values before its own. */
final class PrefixContext implements AttentionContext {
  private final int[] cuSeqlens;
  private final List<Tensor> prefixes;
  private final int count;

  /** {@code rows} (count, layers * 2 * width): for each layer the keys, then the values. */
  PrefixContext(Ops ops, Tensor rows, int layers, int... cuSeqlens) {
    this.cuSeqlens = cuSeqlens.clone();
    count = Math.toIntExact(rows.dim(0));
    prefixes = split(ops, rows, layers);
  }

  /** The keys and the values of each layer, in turns. */
  static List<Tensor> split(Ops ops, Tensor rows, int layers) {
    List<Tensor> parts = new ArrayList<>();
    long width = rows.dim(1) / (2L * layers);
    for (int i = 0; i < 2 * layers; i++) {
      parts.add(Slices.columns(ops, rows, i * width, width));
    }
    return parts;
  }

  @Override
  public Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
    return ops.attention(q, before(ops, prefixes.get(2 * layer), k), before(ops, prefixes.get(2 * layer + 1), v), spec,
        segments(), sinks);
  }

  private Tensor before(Ops ops, Tensor prefix, Tensor own) {
    Tensor flat = ops.reshape(own, own.dim(0), own.size() / own.dim(0));
    List<Tensor> parts = new ArrayList<>();
    for (int i = 0; i + 1 < cuSeqlens.length; i++) {
      parts.add(prefix);
      parts.add(Slices.rows(ops, flat, cuSeqlens[i], cuSeqlens[i + 1] - cuSeqlens[i]));
    }
    Tensor all = Slices.joinRows(ops, parts);
    long[] shape = own.shape();
    shape[0] = all.dim(0);
    return ops.reshape(all, shape);
  }

  private Segments segments() {
    int rows = cuSeqlens.length - 1;
    int[] qStart = new int[rows];
    int[] qLength = new int[rows];
    int[] kStart = new int[rows];
    int[] kLength = new int[rows];
    for (int i = 0; i < rows; i++) {
      qStart[i] = cuSeqlens[i];
      qLength[i] = cuSeqlens[i + 1] - cuSeqlens[i];
      kStart[i] = cuSeqlens[i] + i * count;
      kLength[i] = qLength[i] + count;
    }
    return new Segments(qStart, qLength, kStart, kLength);
  }

  @Override
  public List<Recurrence> recurrences(int key, long size) {
    throw new IllegalStateException("a model with recurrences was given a prefix of keys");
  }
}
