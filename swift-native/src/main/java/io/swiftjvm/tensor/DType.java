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
  F8_E5M2(1, "float8_e5m2"),
  /** Bytes with a float16 scale for a group of 32 of a row, in tiles of 16 rows by 32 columns. */
  Q8(8, 32, false),
  /** {@link #Q8} in groups of 64. */
  Q8_64(8, 64, false),
  /** {@link #Q8} in groups of 128. */
  Q8_128(8, 128, false),
  /** {@link #Q8} with a zero point for every scale. */
  Q8_ZERO(8, 32, true),
  /** {@link #Q8_64} with a zero point for every scale. */
  Q8_64_ZERO(8, 64, true),
  /** {@link #Q8_128} with a zero point for every scale. */
  Q8_128_ZERO(8, 128, true),
  /** Codes of 6 bits with a float16 scale for a group of 32 of a row, in tiles of 16 rows by 32 columns. */
  Q6(6, 32, false),
  /** Codes of 4 bits with a float16 scale for a group of 32 of a row, in tiles of 16 rows by 32 columns. */
  Q4(4, 32, false),
  /** {@link #Q4} in groups of 64. */
  Q4_64(4, 64, false),
  /** {@link #Q4} in groups of 128. */
  Q4_128(4, 128, false),
  /** {@link #Q4} with a zero point for every scale. */
  Q4_ZERO(4, 32, true),
  /** {@link #Q4_64} with a zero point for every scale. */
  Q4_64_ZERO(4, 64, true),
  /** {@link #Q4_128} with a zero point for every scale. */
  Q4_128_ZERO(4, 128, true),
  /** Blocks of 64 weights in 36 bytes: a float32 scale and codes of 4 bits of normal distribution (QLoRA). */
  NF4(64, 36, 1, "nf4"),
  /** Signed bytes in blocks of 32 of a row, each behind its float16 scale: keys and values of a cache. */
  Q8_BLOCK(32, 34, 1, "q8_block"),
  /** {@link #F8_E4M3} weights in blocks of 128 of a row, each behind its float32 scale. */
  F8_BLOCK(128, 132, 1, "f8_block");

  private final int block;
  private final int bytes;
  private final int tileRows;
  private final int bits;
  private final boolean zeroPoint;
  private final String torchName;

  DType(int bytes, String torchName) {
    this(1, bytes, 1, torchName);
  }

  DType(int block, int bytes, int tileRows, String torchName) {
    this.block = block;
    this.bytes = bytes;
    this.tileRows = tileRows;
    this.bits = 0;
    this.zeroPoint = false;
    this.torchName = torchName;
  }

  DType(int bits, int group, boolean zeroPoint) {
    this.block = group;
    this.bytes = 16 * (group * bits / 8 + (zeroPoint ? 3 : 2));
    this.tileRows = 16;
    this.bits = bits;
    this.zeroPoint = zeroPoint;
    this.torchName = name().toLowerCase(Locale.ROOT);
  }

  /**
   * Weights in tiles.
   *
   * @param bits 4, 8 or, for groups of 32 without a zero point, 6
   * @param group columns that share a scale: 32, 64 or 128
   * @param zeroPoint whether they share a zero point, too
   */
  public static DType tiled(int bits, int group, boolean zeroPoint) {
    for (DType type : values()) {
      if (type.bits == bits && type.block == group && type.zeroPoint == zeroPoint) {
        return type;
      }
    }
    throw new IllegalArgumentException("tiles have 4 or 8 bits and groups of 32, 64 or 128, or 6 bits and groups of 32 without a "
        + "zero point; got " + bits + " bits and groups of " + group + (zeroPoint ? " with a zero point" : ""));
  }

  /** What the output projection has beside projections in tiles of this type: more bits, for its errors are those of logits. */
  public DType head() {
    return this == Q4 ? Q6 : tiled(8, block, zeroPoint);
  }

  /** Bits of a code in a tile: 4, 6 or 8; 0 for types that are not in tiles. */
  public int tileBits() {
    return bits;
  }

  /** True for tiles with a zero point for every scale. */
  public boolean hasZeroPoint() {
    return zeroPoint;
  }

  /** Elements that are stored together: 1, but for quantised weights. */
  public int block() {
    return block;
  }

  /** Rows that are stored together: 16 for weights in tiles, whose edges are padded; else 1. */
  public int tileRows() {
    return tileRows;
  }

  /** True for weights that share scales by blocks; they are multiplied with, and not computed with otherwise. */
  public boolean isQuantised() {
    return block > 1;
  }

  /** Size of one element in bytes; of those that are not {@link #isQuantised()}. */
  public int bytes() {
    if (block > 1) {
      throw new IllegalArgumentException(this + " is stored in blocks of " + block + " elements");
    }
    return bytes;
  }

  /** Bytes of a matrix; without tiles its size is a multiple of {@link #block()}. */
  public long bytes(long rows, long columns) {
    if (tileRows == 1) {
      return bytes(Math.multiplyExact(rows, columns));
    }
    return Math.multiplyExact(Math.multiplyExact(Math.ceilDiv(rows, tileRows), Math.ceilDiv(columns, (long) block)), bytes);
  }

  /** Bytes of {@code elements} in a row, a multiple of {@link #block()}; not of weights in tiles. */
  public long bytes(long elements) {
    if (tileRows > 1) {
      throw new IllegalArgumentException(this + " is stored in tiles of " + tileRows + " rows");
    }
    if (elements % block != 0) {
      throw new IllegalArgumentException(
          elements + " elements of " + this + " are no whole number of blocks of " + block);
    }
    return Math.multiplyExact(elements / block, bytes);
  }

  /** The name in {@code config.json} and in torch: {@code bfloat16}. */
  public String torchName() {
    return torchName;
  }

  /** True for the types that a matrix product takes as weights: float32, bfloat16, float16. */
  public boolean isFloat() {
    return this == F32 || this == BF16 || this == F16;
  }

  /** True for the float types of 8 bits, which are stored and converted but not computed with. */
  public boolean isFloat8() {
    return this == F8_E4M3 || this == F8_E5M2;
  }

  /** Short lower-case name used in plans and reports: {@code bf16}. */
  public String shortName() {
    return this == F32 ? "fp32" : this == F16 ? "fp16" : name().toLowerCase(Locale.ROOT);
  }
}
