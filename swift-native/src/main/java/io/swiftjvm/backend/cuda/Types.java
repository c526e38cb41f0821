package io.swiftjvm.backend.cuda;

import io.swiftjvm.tensor.DType;
import java.util.List;

/** The kernels' numbers of element types, in {@code common.cuh}. */
final class Types {
  private Types() {}

  private static final List<DType> BY_CODE =
      List.of(DType.F32, DType.BF16, DType.F16, DType.Q8, DType.Q4, DType.NF4, DType.Q8_BLOCK);

  /** True if products take weights of this type. */
  static boolean known(DType type) {
    return BY_CODE.contains(type);
  }

  static int code(DType type) {
    int code = BY_CODE.indexOf(type);
    if (code < 0) {
      throw new IllegalArgumentException("weights on cuda are float32, bf16, fp16, or int8 and int4 in groups "
          + "of 32 without zero points, nf4 or q8_block; got " + type.shortName() + ". Quantise in one of these.");
    }
    return code;
  }
}
