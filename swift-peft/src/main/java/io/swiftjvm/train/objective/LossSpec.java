package io.swiftjvm.train.objective;

import io.swiftjvm.autograd.LossForm;
import io.swiftjvm.error.InvalidPlanException;

/**
 * What language-model training adds to cross-entropy.
 *
 * {@snippet :
 * TrainSpec spec = TrainSpec.DEFAULT.loss(l -> l.labelSmoothing(0.1).neftune(5));
 * }
 *
 * @param form label smoothing, DFT, z-loss
 * @param neftune alpha of the noise on embeddings, see {@link Neftune}; 0 = off, 5 is typical
 */
public record LossSpec(LossForm form, double neftune) {
  /** Cross-entropy and no noise. */
  public static final LossSpec DEFAULT = new LossSpec(LossForm.PLAIN, 0);

  public LossSpec {
    if (!(neftune >= 0) || !Double.isFinite(neftune)) {
      throw new InvalidPlanException("neftune_noise_alpha is " + neftune + "; it must be 0 (off) or more.");
    }
  }

  /** Sets the share of the target that is spread over the vocabulary. Default: 0. */
  public LossSpec labelSmoothing(double value) {
    return new LossSpec(new LossForm(value, form.dynamic(), form.zWeight()), neftune);
  }

  /** Weighs each token by its own probability. Default: false. */
  public LossSpec dft(boolean on) {
    return new LossSpec(new LossForm(form.smoothing(), on, form.zWeight()), neftune);
  }

  /** Sets the weight of the squared log of the normaliser. Default: 0. */
  public LossSpec zLoss(double value) {
    return new LossSpec(new LossForm(form.smoothing(), form.dynamic(), value), neftune);
  }

  /** Sets the noise on embeddings. Default: 0. */
  public LossSpec neftune(double alpha) {
    return new LossSpec(form, alpha);
  }
}
