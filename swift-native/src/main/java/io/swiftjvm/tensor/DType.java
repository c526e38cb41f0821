package io.swiftjvm.tensor;

import java.util.Locale;

/** Element types of tensors and checkpoint files, with their size in bytes. */
public enum DType {
  F32(4, "float32"),
  BF16(2, "bfloat16"),
  F16(2, "float16"),
  F64(8, "float64"),
  I64(8, "int64"),
  I32(4, "int32"),
  I16(2, "int16"),
  I8(1, "int8"),
  U8(1, "uint8"),
  BOOL(1, "bool"),
  F8_E4M3(1, "float8_e4m3fn"),
  F8_E5M2(1, "float8_e5m2");

  private final int bytes;
  private final String torchName;

  DType(int bytes, String torchName) {
    this.bytes = bytes;
    this.torchName = torchName;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** The name in {@code config.json} and in torch: {@code bfloat16}. */
  public String torchName() {
    return torchName;
  }

  /** True for the types that a matrix product takes as weights: float32, bfloat16, float16. */
  public boolean isFloat() {
    return this == F32 || this == BF16 || this == F16;
  }

  /** Short lower-case name used in plans and reports: {@code bf16}. */
  public String shortName() {
    return this == F32 ? "fp32" : this == F16 ? "fp16" : name().toLowerCase(Locale.ROOT);
  }
}
