package io.swiftjvm.train.objective;

import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.Seeds;

/**
 * Noise on the embedded tokens in training (NEFTune, arXiv 2310.05914): uniform in {@code +- alpha / sqrt(L d)} for a
 * row of L tokens and d columns. It is a pure function of the pass's dropout key, so that a continued run repeats it,
 * and off where dropout is.
 *
 * @param alpha at least 0; 5 is typical
 */
record Neftune(double alpha) {
  private static final long STREAM = 0x4e45465475L;

  /** Adds the noise to embedded (n,d) in place: its gradient is that of the sum. */
  void add(Pass pass, int[] cuSeqlens, Tensor embedded) {
    if (alpha == 0 || pass.dropoutKey() == 0) {
      return;
    }
    int columns = Math.toIntExact(embedded.columns());
    float[] noise = new float[Math.toIntExact(embedded.size())];
    for (int row = 0; row + 1 < cuSeqlens.length; row++) {
      double reach = alpha / Math.sqrt((double) (cuSeqlens[row + 1] - cuSeqlens[row]) * columns);
      for (int i = cuSeqlens[row] * columns; i < cuSeqlens[row + 1] * columns; i++) {
        // The top 53 bits as a number in [0, 1).
        double uniform = (Seeds.mix(pass.dropoutKey(), STREAM, i) >>> 11) * 0x1.0p-53;
        noise[i] = (float) (reach * (2 * uniform - 1));
      }
    }
    try (Scope scope = pass.ops().scope().child()) {
      pass.ops().backend().axpy(1, scope.floats(noise, embedded.shape()), embedded.detached());
    }
  }
}
