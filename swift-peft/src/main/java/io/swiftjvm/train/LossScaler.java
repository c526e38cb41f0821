package io.swiftjvm.train;

/**
 * Dynamic loss scaling as torch's GradScaler does it by default (arXiv 1710.03740): the loss is multiplied by a scale that
 * starts at 65536, doubles after 2000 good steps in a row and halves when a gradient overflows, whose step is skipped.
 * Powers of two change no bit of gradients that stay in range.
 */
final class LossScaler {
  private static final double START = 65536;
  private static final double GROWTH = 2;
  private static final double BACKOFF = 0.5;
  private static final int INTERVAL = 2000;
  /** Below this it is not the scale that makes gradients infinite. */
  private static final double LEAST = 1;

  private final boolean on;
  private double scale;
  private int good;

  LossScaler(boolean on) {
    this.on = on;
    scale = on ? START : 1;
  }

  /** What the loss is multiplied by now, 1 if nothing is scaled. */
  float scale() {
    return (float) scale;
  }

  /** Good steps since the scale last changed. */
  int good() {
    return good;
  }

  /** The scale to be saved, 0 if nothing is scaled. */
  double saved() {
    return on ? scale : 0;
  }

  /** Goes on where another one stood; a scale of 0 is none. */
  void resume(double savedScale, int savedGood) {
    if (on && savedScale > 0) {
      scale = savedScale;
      good = savedGood;
    }
  }

  /** A step was made. */
  void stepped() {
    if (on && ++good == INTERVAL) {
      good = 0;
      scale = Float.isFinite((float) (scale * GROWTH)) ? scale * GROWTH : scale;
    }
  }

  /** A gradient is infinite or NaN; true if a smaller scale may help, so that the step is to be skipped. */
  boolean overflowed() {
    if (!on || scale * BACKOFF < LEAST) {
      return false;
    }
    scale *= BACKOFF;
    good = 0;
    return true;
  }
}
