package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Output projection and cross-entropy in one, in chunks of rows, so that all logits never exist at once (the idea of
 * Liger Kernel, arXiv 2410.10989). The input gradient is made in the forward pass, while a chunk's logits are at hand.
 */
public final class FusedLoss {
  /** Logits of at most this many elements exist at a time (32 MiB of float32). */
  private static final long CHUNK_ELEMENTS = 8L << 20;

  private FusedLoss() {}

  /**
   * The result of a loss over n labelled rows.
   *
   * @param loss tracked scalar (1): {@code sum(weight * nll) / divisor}
   * @param value the same, summed in double
   * @param nll negative log-likelihood of every row
   */
  public record Loss(Tensor loss, double value, float[] nll) {}

  /**
   * Cross-entropy of {@code h w^T + bias} at labels.
   *
   * @param h (n,c), only rows that have a label
   * @param w (v,c) of any float type
   * @param labels target ids, 0 .. v-1
   * @param weights one factor a row, or null for 1
   * @param divisor the sum is divided by this: the labels of the whole accumulated batch
   */
  public static Loss linearCrossEntropy(
      Ops ops, Tensor h, Tensor w, @Nullable Tensor bias, int[] labels, float @Nullable [] weights, double divisor) {
    Backend backend = ops.backend();
    int n = labels.length;
    long v = w.dim(0);
    boolean wantsBias = bias != null && bias.requiresGrad();
    boolean wants = ops.recording() && (h.requiresGrad() || w.requiresGrad() || wantsBias);
    Tensor dh = wants && h.requiresGrad() ? ops.floats(h.shape()) : null;
    Tensor dw = wants && w.requiresGrad() ? zeros(ops, w) : null;
    Tensor db = wants && bias != null && wantsBias ? zeros(ops, bias) : null;
    float[] nll = new float[n];
    int chunk = (int) Math.max(1, Math.min(n, CHUNK_ELEMENTS / v));
    for (int from = 0; from < n; from += chunk) {
      int rows = Math.min(chunk, n - from);
      try (Scope scope = ops.scope().child()) {
        Tensor hidden = h.slice(from, rows);
        Tensor logits = scope.floats(rows, v);
        backend.linear(hidden, w.detached(), bias == null ? null : bias.detached(), logits);
        Tensor losses = scope.floats(rows);
        backend.crossEntropy(logits, upload(backend, scope, labels, from, rows), losses,
            wants ? factors(backend, scope, weights, divisor, from, rows) : null);
        backend.download(losses, MemorySegment.ofArray(nll).asSlice((long) from * Float.BYTES, (long) rows * 4));
        if (dh != null) {
          backend.matmul(logits, false, w, false, dh.slice(from, rows), 1, 0);
        }
        if (dw != null) {
          backend.matmul(logits, true, hidden, false, dw, 1, 1);
        }
        if (db != null) {
          backend.sumRows(logits, db, 1);
        }
      }
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += nll[i] * (weights == null ? 1.0 : weights[i]);
    }
    double value = sum / divisor;
    Tensor loss = ops.floats(1);
    backend.fill(loss, (float) value);
    Tensor[] saved = java.util.stream.Stream.of(dh, dw, db).filter(t -> t != null).toArray(Tensor[]::new);
    Tensor tracked = ops.track(wants, loss, (seed, into, s) -> {
      float factor = scalar(backend, seed);
      give(backend, into, h, dh, factor);
      give(backend, into, w, dw, factor);
      if (bias != null) {
        give(backend, into, bias, db, factor);
      }
    }, saved);
    return new Loss(tracked, value, nll);
  }

  private static void give(Backend backend, Gradients into, Tensor of, @Nullable Tensor gradient, float factor) {
    if (gradient != null) {
      if (factor != 1) {
        backend.scale(gradient, factor, gradient);
      }
      into.add(of, gradient);
    }
  }

  private static Tensor zeros(Ops ops, Tensor like) {
    Tensor z = ops.floats(like.shape());
    ops.backend().fill(z, 0);
    return z;
  }

  private static float scalar(Backend backend, Tensor one) {
    float[] value = new float[1];
    backend.download(one, MemorySegment.ofArray(value));
    return value[0];
  }

  private static Tensor upload(Backend backend, Scope scope, int[] labels, int from, int rows) {
    Tensor t = scope.tensor(DType.I32, rows);
    backend.upload(MemorySegment.ofArray(labels).asSlice((long) from * Integer.BYTES, (long) rows * 4), t);
    return t;
  }

  private static Tensor factors(
      Backend backend, Scope scope, float @Nullable [] weights, double divisor, int from, int rows) {
    MemorySegment host = MemorySegment.ofArray(new float[rows]);
    for (int i = 0; i < rows; i++) {
      double weight = weights == null ? 1.0 : weights[from + i];
      host.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (weight / divisor));
    }
    Tensor t = scope.floats(rows);
    backend.upload(host, t);
    return t;
  }
}
