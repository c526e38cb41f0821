package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;

/** The numbers that element types have in the kernels: {@code swiftk.h} of the CPU, {@code common.cuh} of CUDA. */
public final class KernelTypes {
  private static final int TILED = 16;
  private static final int TILED6 = 28;

  private KernelTypes() {}

  /** True for types of weights in products. */
  public static boolean weights(DType type) {
    return type.isFloat() || type.isQuantised();
  }

  /**
   * The number of a type that kernels know.
   *
   * @throws IllegalArgumentException unless it is a float type of 8 to 32 bits or a quantised one
   */
  public static int code(DType type) {
    return switch (type) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
      case NF4 -> 5;
      case Q8_BLOCK -> 6;
      case F8_E4M3 -> 7;
      case F8_E5M2 -> 8;
      case F8_BLOCK -> 9;
      case Q6 -> TILED6;
      default -> {
        if (type.tileBits() == 0) {
          throw new IllegalArgumentException("kernels take floats of 8 to 32 bits and quantised types; got " + type.shortName());
        }
        int parts = Integer.numberOfTrailingZeros(type.block() / 32);
        yield TILED + (type.tileBits() == 8 ? 1 : 0) + (type.hasZeroPoint() ? 2 : 0) + 4 * parts;
      }
    };
  }
}
