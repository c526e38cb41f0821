package io.swiftjvm.backend.cpu;

import io.swiftjvm.tensor.DType;

/**
 * Floating point in 8 bits (arXiv 2209.05433), as torch converts it: e4m3 has 7 as bias of its exponent, no infinity and
 * one NaN; e5m2 is the high byte of a float16.
 */
final class Float8 {
  private Float8() {}

  static float widen(DType type, int code) {
    if (type == DType.F8_E5M2) {
      return Float.float16ToFloat((short) (code << 8));
    }
    return (code & 0x7f) == 0x7f ? Float.NaN : 256 * Float.float16ToFloat((short) ((code & 0x80) << 8 | (code & 0x7f) << 7));
  }

  /** To nearest even; what is too large is the largest number of e4m3, 448, and infinite in e5m2. */
  static byte round(DType type, float value) {
    boolean e4m3 = type == DType.F8_E4M3;
    int bias = e4m3 ? 7 : 15;
    int shift = e4m3 ? 20 : 21;
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 24 & 0x80;
    bits &= 0x7fffffff;
    if (Float.isNaN(value)) {
      return (byte) (sign | 0x7f);
    }
    if (bits >= (e4m3 ? 0x43e00000 : 0x47800000)) {
      return (byte) (sign | (e4m3 ? 0x7e : 0x7c));
    }
    if (bits < 128 - bias << 23) {
      // The addition of a float rounds a subnormal number at its last place.
      int magic = 128 - bias + shift << 23;
      return (byte) (sign | Float.floatToRawIntBits(Float.intBitsToFloat(bits) + Float.intBitsToFloat(magic)) - magic);
    }
    bits -= 127 - bias << 23;
    return (byte) (sign | bits + (1 << shift - 1) - 1 + (bits >>> shift & 1) >>> shift);
  }
}
