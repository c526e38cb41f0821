package io.swiftjvm.train;

/** What happens when a loss or a gradient is NaN or infinite. */
public enum NonFinite {
  /** The training stops with an exception that names step, loss, norm and the first bad tensor. */
  STOP,
  /** The step changes nothing, is counted and reported as {@link TrainEvent.Dropped}. */
  SKIP
}
