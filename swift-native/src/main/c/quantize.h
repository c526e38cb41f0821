/* Plain weights into the blocks of blocks.h; from, to are blocks. */

INLINE void widen_block(const void *x, int type, i64 at, int n, float *out) {
  for (int j = 0; j < n; j += W) {
    vf v;
#define CALL(T) v = ldw(x, T, at + j, W)
    BY_TYPE(type, CALL)
#undef CALL
    st(out + j, v);
  }
}

INLINE float largest_of(const float *x, int n) {
  float most = 0;
  for (int j = 0; j < n; j++) most = fabsf(x[j]) > most ? fabsf(x[j]) : most;
  return most;
}

INLINE void quantize_q8(const float *x, uint8_t *block) {
  uint16_t half = to_f16(largest_of(x, 32) / 127);
  float scale = half_to_float(half), inverse = scale > 0 ? 1 / scale : 0;
  memcpy(block, &half, 2);
  for (int j = 0; j < 32; j++) {
    float q = rintf(x[j] * inverse);
    ((int8_t *)block)[2 + j] = (int8_t)(q > 127 ? 127 : q < -127 ? -127 : q);
  }
}

/* Squared error of the block at this scale, codes -8 .. 7. */
INLINE float error_q4(const float *x, float scale) {
  float inverse = 1 / scale, sum = 0;
  for (int j = 0; j < 32; j++) {
    float q = rintf(x[j] * inverse);
    q = q > 7 ? 7 : q < -8 ? -8 : q;
    float d = x[j] - q * scale;
    sum += d * d;
  }
  return sum;
}

/* The scale that puts the largest element at -8, or a nearby one if that is better for the whole block. */
INLINE void quantize_q4(const float *x, uint8_t *block) {
  float top = 0;
  for (int j = 0; j < 32; j++) top = fabsf(x[j]) > fabsf(top) ? x[j] : top;
  uint16_t best = 0;
  float least = INFINITY;
  for (int t = 0; t < 6 && top != 0; t++) {
    uint16_t half = to_f16(top / (-8.0f + 0.35f * (float)t));
    float scale = half_to_float(half);
    float error = scale != 0 ? error_q4(x, scale) : INFINITY;
    if (error < least) {
      least = error;
      best = half;
    }
  }
  float scale = half_to_float(best), inverse = scale != 0 ? 1 / scale : 0;
  int code[32];
  for (int j = 0; j < 32; j++) {
    float q = rintf(x[j] * inverse);
    code[j] = (int)(q > 7 ? 7 : q < -8 ? -8 : q) + 8;
  }
  memcpy(block, &best, 2);
  for (int j = 0; j < 16; j++) block[2 + j] = (uint8_t)(code[j] | code[16 + j] << 4);
}

/* The code is the number of midpoints between codes that lie below: ties go down, as in bitsandbytes. */
INLINE void quantize_nf4(const float *x, uint8_t *block) {
  static const float middle[15] = {-0.8480964004993439f, -0.6106329262256622f, -0.4599952697753906f, -0.33967943489551544f,
      -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f, 0.1202552504837513f,
      0.2035212516784668f, 0.2920137718319893f, 0.3893125355243683f, 0.5016634166240692f, 0.6427869200706482f,
      0.8614784181118011f};
  float scale = largest_of(x, 64), inverse = scale > 0 ? 1 / scale : 0;
  int code[64];
  for (int j = 0; j < 64; j++) {
    float v = x[j] * inverse;
    int c = 0;
    for (int t = 0; t < 15; t++) c += v > middle[t];
    code[j] = c;
  }
  memcpy(block, &scale, 4);
  for (int h = 0; h < 2; h++)
    for (int j = 0; j < 16; j++) block[4 + h * 16 + j] = (uint8_t)(code[h * 32 + j] | code[h * 32 + 16 + j] << 4);
}

static void quantize(const void *x, int type, void *out, int out_type, i64 from, i64 to) {
  int n = out_type == NF4 ? 64 : 32;
  for (i64 b = from; b < to; b++) {
    float values[64];
    widen_block(x, type, b * n, n, values);
    uint8_t *block = (uint8_t *)out + bytes_before(out_type, b * n);
    if (out_type == Q8) quantize_q8(values, block);
    else if (out_type == Q4) quantize_q4(values, block);
    else quantize_nf4(values, block);
  }
}
