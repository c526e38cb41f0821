package io.swiftjvm.backend.cuda;

import io.swiftjvm.tensor.DType;

/** The kernels' numbers of element types, in {@code common.cuh}. */
final class Types {
  private Types() {}

  /** True if products take weights of this type. */
  static boolean known(DType type) {
    return switch (type) {
      case F32, BF16, F16, Q8, Q4, NF4, Q8_BLOCK -> true;
      default -> false;
    };
  }

  static int code(DType type) {
    return switch (type) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
      case Q8 -> 3;
      case Q4 -> 4;
      case NF4 -> 5;
      case Q8_BLOCK -> 6;
      default -> throw new IllegalArgumentException("weights on cuda are float32, bf16, fp16, or int8 and int4 in groups "
          + "of 32 without zero points, nf4 or q8_block; got " + type.shortName() + ". Quantise in one of these.");
    };
  }
}
