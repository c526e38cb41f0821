package io.swiftjvm.backend.cuda;

import io.swiftjvm.tensor.DType;

/** The kernels' numbers of element types, in {@code common.cuh}. */
final class Types {
  private Types() {}

  static int code(DType type) {
    return switch (type) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
      case Q8 -> 3;
      case Q4 -> 4;
      case NF4 -> 5;
      case Q8_BLOCK -> 6;
      default -> throw new IllegalArgumentException(
          "weights are float32, bf16, fp16 or quantised, got " + type.shortName());
    };
  }
}
