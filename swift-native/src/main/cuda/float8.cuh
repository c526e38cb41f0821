/* Floating point in 8 bits (arXiv 2209.05433), to the bits of src/main/c: e4m3 has no infinity and one NaN, e5m2 is the high
 * byte of a float16. */
#ifndef SWIFT_FLOAT8_CUH
#define SWIFT_FLOAT8_CUH
#include "common.cuh"

DEVICE float from_f8(int type, int b) {
  if (type == F8E5) return from_f16((unsigned short)(b << 8));
  if ((b & 0x7f) == 0x7f) return __int_as_float_(0x7fc00000);
  return from_f16((unsigned short)((b & 0x80) << 8 | (b & 0x7f) << 7)) * 256;
}

/* To nearest even; what is too large is the largest number of e4m3, 448, and infinite in e5m2. */
DEVICE unsigned char to_f8(int type, float f) {
  int bias = type == F8E4 ? 7 : 15, shift = type == F8E4 ? 20 : 21;
  unsigned bits = bits_of(f), sign = bits >> 24 & 0x80;
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7f;
  if (bits >= (type == F8E4 ? 0x43e00000u : 0x47800000u)) return sign | (type == F8E4 ? 0x7e : 0x7c);
  if (bits < (unsigned)(128 - bias) << 23) {
    unsigned magic = (unsigned)(128 - bias + shift) << 23;
    return sign | (bits_of(__int_as_float_(bits) + __int_as_float_(magic)) - magic);
  }
  bits -= (unsigned)(127 - bias) << 23;
  return sign | (bits + (1u << (shift - 1)) - 1 + (bits >> shift & 1)) >> shift;
}
#endif
