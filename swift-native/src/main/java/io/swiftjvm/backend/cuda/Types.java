package io.swiftjvm.backend.cuda;

import io.swiftjvm.tensor.DType;

/** The kernels' numbers of element types, in {@code common.cuh} and {@code quantised.cuh}. */
final class Types {
  private static final int TILED = 16;

  private Types() {}

  /** True if products take weights of this type. */
  static boolean known(DType type) {
    return type.isFloat() || type.isQuantised();
  }

  static int code(DType type) {
    return switch (type) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
      case NF4 -> 5;
      case Q8_BLOCK -> 6;
      case F8_E4M3 -> 7;
      case F8_E5M2 -> 8;
      case F8_BLOCK -> 9;
      default -> {
        if (type.tileBits() == 0) {
          throw new IllegalArgumentException("weights on cuda are float32, bf16, fp16 or quantised; got " + type.shortName());
        }
        int parts = Integer.numberOfTrailingZeros(type.block() / 32);
        yield TILED + (type.tileBits() == 8 ? 1 : 0) + (type.hasZeroPoint() ? 2 : 0) + 4 * parts;
      }
    };
  }
}
