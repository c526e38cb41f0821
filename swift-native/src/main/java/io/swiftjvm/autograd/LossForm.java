package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a row of logits z with label y costs: {@code w ((1-s) nll + s mean_v(nll_v)) + c logsumexp(z)^2}.
 *
 * {@snippet :
 * LossForm form = new LossForm(0.1, false, 1e-4);
 * }
 *
 * @param smoothing s, 0 .. below 1: the share of the target that is spread over the whole vocabulary (arXiv 1512.00567)
 * @param dynamic w is the probability of y, a constant for the gradient (DFT, arXiv 2508.05629), instead of 1
 * @param zWeight c, at least 0: keeps the normaliser near 1 (z-loss, arXiv 2204.02311)
 */
public record LossForm(double smoothing, boolean dynamic, double zWeight) {
  /** Cross-entropy. */
  public static final LossForm PLAIN = new LossForm(0, false, 0);

  public LossForm {
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new InvalidPlanException("label_smoothing_factor is " + smoothing + "; it must be 0 .. below 1.");
    }
    if (!(zWeight >= 0) || !Double.isFinite(zWeight)) {
      throw new InvalidPlanException("z_loss_coeff is " + zWeight + "; it must be 0 (off) or more.");
    }
    if (dynamic && smoothing > 0) {
      throw new InvalidPlanException("enable_dft_loss is true and label_smoothing_factor " + smoothing
          + ": one trusts sure labels more, the other less. Use one of them.");
    }
  }

  /**
   * Losses of logits (n,v) at labels int32 (n) into {@code losses} (n). If gradScale (n) is not null the logits become
   * the gradient times gradScale.
   */
  void apply(Backend backend, Tensor logits, Tensor labels, Tensor losses, @Nullable Tensor gradScale) {
    if (equals(PLAIN)) {
      backend.crossEntropy(logits, labels, losses, gradScale);
      return;
    }
    try (Scope scope = new Scope(backend)) {
      int n = (int) labels.size();
      long columns = logits.columns();
      Tensor cells = cells(backend, scope, labels, columns);
      Tensor target = scope.floats(n, 1);
      backend.gatherRows(logits.view(n * columns, 1), cells, target);
      Tensor sum = scope.floats(n);
      backend.reduceColumns(Reduction.SUM, logits, sum);
      backend.crossEntropy(logits, labels, losses, null);
      float[] nll = host(backend, losses);
      float[] at = host(backend, target);
      float[] sums = host(backend, sum);
      float[] scale = gradScale == null ? new float[n] : host(backend, gradScale);
      float[] loss = new float[n];
      float[] whole = new float[n];
      float[] label = new float[n];
      float[] all = new float[n];
      for (int i = 0; i < n; i++) {
        double log = (double) nll[i] + at[i];
        double weight = dynamic ? Math.exp(-nll[i]) : 1;
        loss[i] = (float) (weight * ((1 - smoothing) * nll[i] + smoothing * (log - sums[i] / (double) columns))
            + zWeight * log * log);
        double share = weight + 2 * zWeight * log;
        whole[i] = (float) (scale[i] * share);
        label[i] = (float) (scale[i] * (share - weight * (1 - smoothing)));
        all[i] = (float) (-scale[i] * weight * smoothing / columns);
      }
      backend.upload(MemorySegment.ofArray(loss), losses);
      if (gradScale != null) {
        backend.crossEntropy(logits, labels, scope.floats(n), scope.floats(whole, n));
        // The kernel has taken the whole share off the label's cell.
        backend.scatterAddRows(scope.floats(label, n, 1), cells, logits.view(n * columns, 1));
        if (smoothing > 0) {
          backend.binary(Binary.ADD, logits, scope.floats(all, n, 1), logits);
        }
      }
    }
  }

  private static Tensor cells(Backend backend, Scope scope, Tensor labels, long columns) {
    int[] label = new int[(int) labels.size()];
    backend.download(labels, MemorySegment.ofArray(label));
    for (int i = 0; i < label.length; i++) {
      label[i] = Math.toIntExact(i * columns + label[i]);
    }
    Tensor cells = scope.tensor(DType.I32, label.length);
    backend.upload(MemorySegment.ofArray(label), cells);
    return cells;
  }

  private static float[] host(Backend backend, Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    backend.download(tensor, MemorySegment.ofArray(values));
    return values;
  }
}
