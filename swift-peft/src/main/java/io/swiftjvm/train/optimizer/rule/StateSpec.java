package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.tensor.DType;

/**
 * One tensor that an optimizer keeps for a parameter; it begins as zeros.
 *
 * @param name as torch names it where it has one: {@code exp_avg}
 * @param dtype float32, or uint8 for quantised state
 * @param shape its own shape
 */
public record StateSpec(String name, DType dtype, long... shape) {
  /** A float32 tensor. */
  public static StateSpec floats(String name, long... shape) {
    return new StateSpec(name, DType.F32, shape.clone());
  }

  /** What it takes in memory. */
  public long bytes() {
    long count = dtype.bytes();
    for (long dimension : shape) {
      count *= dimension;
    }
    return count;
  }

  /** Codes of one byte each. */
  public static StateSpec codes(String name, long count) {
    return new StateSpec(name, DType.U8, count);
  }
}
