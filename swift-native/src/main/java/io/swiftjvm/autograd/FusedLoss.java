package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Output projection and cross-entropy in one, in chunks of rows, so that all logits never exist at once (the idea of
 * Liger Kernel, arXiv 2410.10989). Gradients are made in the forward pass, while a chunk's logits are at hand.
 */
public final class FusedLoss {
  /** Logits of at most this many elements exist at a time (160 MiB of float32). */
  private static final long CHUNK_ELEMENTS = 40L << 20;

  private FusedLoss() {}

  /**
   * The result of a loss over n labelled rows.
   *
   * @param loss tracked scalar (1): {@code sum(weight * nll) / divisor}
   * @param value the same, summed in double
   * @param nll negative log-likelihood of every row
   */
  public record Loss(Tensor loss, double value, float[] nll) {}

  /** The projection of hidden rows to logits. */
  @FunctionalInterface
  public interface Head {
    /** h (rows,c) to a fresh (rows,v), recorded by {@code ops}. */
    Tensor logits(Ops ops, Tensor h);
  }

  /** Cross-entropy of {@code h w^T + bias}, see {@link #crossEntropy}; w (v,c) of any float type. */
  public static Loss linearCrossEntropy(
      Ops ops, Tensor h, Tensor w, @Nullable Tensor bias, int[] labels, float @Nullable [] weights, double divisor) {
    List<Tensor> parameters = bias == null ? List.of(w) : List.of(w, bias);
    return crossEntropy(ops, h, w.dim(0), (o, x) -> o.linear(x, w, bias), parameters, labels, weights, divisor);
  }

  /**
   * Cross-entropy of {@code head(h)} at labels.
   *
   * @param h (n,c), only rows that have a label
   * @param vocabulary columns of the logits
   * @param parameters what the head computes with; those that want a gradient get one
   * @param labels target ids (n), 0 .. vocabulary-1
   * @param weights one factor a row, or null for 1
   * @param divisor the sum is divided by this, over 0: the labels of the whole accumulated batch
   */
  public static Loss crossEntropy(
      Ops ops, Tensor h, long vocabulary, Head head, List<Tensor> parameters, int[] labels,
      float @Nullable [] weights, double divisor) {
    return rows(ops, h, vocabulary, head, parameters, labels, weights, divisor, LossForm.PLAIN);
  }

  /** {@link #crossEntropy} with another form of the loss; the result's {@code nll} holds what each row costs in it. */
  public static Loss rows(
      Ops ops, Tensor h, long vocabulary, Head head, List<Tensor> parameters, int[] labels,
      float @Nullable [] weights, double divisor, LossForm form) {
    check(h, vocabulary, labels, weights, divisor);
    Backend backend = ops.backend();
    int n = labels.length;
    List<Tensor> learnt = parameters.stream().filter(Tensor::requiresGrad).toList();
    boolean wants = ops.recording() && n > 0 && (h.requiresGrad() || !learnt.isEmpty());
    Tensor dh = wants && h.requiresGrad() ? ops.floats(h.shape()) : null;
    float[] nll = new float[n];
    Tensor losses = ops.floats(n);
    List<Tensor> of = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    try (Gradients sums = new Gradients(backend)) {
      int chunk = (int) chunkRows(n, vocabulary);
      for (int from = 0; from < n; from += chunk) {
        int rows = Math.min(chunk, n - from);
        try (Scope scope = ops.scope().child(); Tape tape = new Tape(backend)) {
          Tensor x = dh == null ? h.slice(from, rows) : h.slice(from, rows).tracked();
          Tensor logits = head.logits(new Ops(backend, wants ? tape : null, scope), x);
          form.apply(backend, logits, upload(backend, scope, labels, from, rows), losses.slice(from, rows),
              wants ? factors(backend, scope, weights, divisor, from, rows) : null);
          if (wants) {
            // The kernel has put the gradient of the logits in their place.
            tape.backward(logits, logits.detached(), sums);
          }
          if (dh != null) {
            backend.copy(sums.getOrZero(x), dh.slice(from, rows));
            sums.drop(x);
          }
        }
      }
      backend.download(losses, MemorySegment.ofArray(nll));
      for (Tensor p : learnt) {
        Tensor g = wants ? sums.take(p, ops.scope()) : null;
        if (g != null) {
          of.add(p);
          gradients.add(g);
        }
      }
    }
    if (dh != null) {
      of.add(h);
      gradients.add(dh);
    }
    return result(ops, wants, of, gradients, nll, weights, divisor);
  }

  /** How many of so many rows have their logits at a time: all pieces but the last are equal. */
  public static long chunkRows(long rows, long vocabulary) {
    long most = Math.max(1, CHUNK_ELEMENTS / vocabulary);
    long chunks = Math.max(1, (rows + most - 1) / most);
    return Math.max(1, (rows + chunks - 1) / chunks);
  }

  private static Loss result(
      Ops ops, boolean wants, List<Tensor> of, List<Tensor> gradients, float[] nll, float @Nullable [] weights,
      double divisor) {
    Backend backend = ops.backend();
    double sum = 0;
    for (int i = 0; i < nll.length; i++) {
      sum += nll[i] * (weights == null ? 1.0 : weights[i]);
    }
    Tensor loss = ops.floats(1);
    backend.fill(loss, (float) (sum / divisor));
    Tensor tracked = ops.track(wants, loss, (seed, into, s) -> {
      for (int i = 0; i < of.size(); i++) {
        // To read the factor would make the host wait.
        backend.binary(Binary.MULTIPLY, gradients.get(i), seed, gradients.get(i));
        into.add(of.get(i), gradients.get(i));
      }
    }, gradients.toArray(Tensor[]::new));
    return new Loss(tracked, sum / divisor, nll);
  }

  private static void check(Tensor h, long vocabulary, int[] labels, float @Nullable [] weights, double divisor) {
    if (h.rank() != 2 || h.dim(0) != labels.length || (weights != null && weights.length != labels.length)) {
      throw new IllegalArgumentException("a loss over hidden rows " + h + " needs as many labels and weights, got "
          + labels.length + (weights == null ? "" : " and " + weights.length));
    }
    if (!(divisor > 0)) {
      throw new IllegalArgumentException("the divisor of a loss must be over 0, got " + divisor);
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "label " + labels[i] + " of row " + i + " is outside 0 .. " + (vocabulary - 1));
      }
    }
  }

  private static Tensor upload(Backend backend, Scope scope, int[] labels, int from, int rows) {
    Tensor t = scope.tensor(DType.I32, rows);
    backend.upload(MemorySegment.ofArray(labels).asSlice((long) from * Integer.BYTES, (long) rows * 4), t);
    return t;
  }

  private static Tensor factors(
      Backend backend, Scope scope, float @Nullable [] weights, double divisor, int from, int rows) {
    float[] host = new float[rows];
    for (int i = 0; i < rows; i++) {
      host[i] = (float) ((weights == null ? 1.0 : weights[from + i]) / divisor);
    }
    Tensor t = scope.floats(rows);
    backend.upload(MemorySegment.ofArray(host), t);
    return t;
  }
}
