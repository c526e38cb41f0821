package io.swiftjvm.train.optimizer;

/** Learning rate by step: a pure function, so there is nothing to save. */
@FunctionalInterface
public interface Schedule {
  /** The rate that step {@code step} uses; the first step is 0. */
  double rate(int step);
}
