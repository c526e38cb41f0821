/* Rounding to quantised types, to the bits of the CPU's: every operation that decides is rounded on its own. One thread
 * makes one row of a tile, or one block. */
#include "quantised.cuh"

DEVICE float clamp_round(float v, float low, float high) { return fminf(fmaxf(rintf(v), low), high); }

/* 32 values to bytes; returns the scale as float16 bits. */
DEVICE unsigned short q8_codes(const float *x, int *codes) {
  float most = 0;
  for (int j = 0; j < 32; j++) most = fmaxf(most, fabsf(x[j]));
  unsigned short half = to_f16(__fdiv_rn(most, 127));
  float scale = from_f16(half);
  float inverse = scale > 0 ? __fdiv_rn(1, scale) : 0;
  for (int j = 0; j < 32; j++) codes[j] = (int)clamp_round(__fmul_rn(x[j], inverse), -127, 127);
  return half;
}

/* The squared error of 32 values in 4 bits, added in their order as on the CPU. */
DEVICE float q4_error(const float *x, float scale) {
  float inverse = __fdiv_rn(1, scale), error = 0;
  for (int j = 0; j < 32; j++) {
    float code = clamp_round(__fmul_rn(x[j], inverse), -8, 7);
    float d = fmaf(-code, scale, x[j]);
    error = fmaf(d, d, error);
  }
  return error;
}

/* The scale of a few that has the least squared error. */
DEVICE unsigned short q4_codes(const float *x, int *codes) {
  const float factor[6] = {-0.125f, -0.130718954f, -0.136986301f, -0.143884892f, -0.151515152f, -0.16f};
  float high = 0, low = 0;
  for (int j = 0; j < 32; j++) {
    high = x[j] > high ? x[j] : high;
    low = x[j] < low ? x[j] : low;
  }
  float top = high >= -low ? high : low;
  unsigned short best = 0;
  float least = -NEGATIVE_INFINITY;
#pragma unroll 1
  for (int t = 0; t < 6; t++) {
    unsigned short half = to_f16(__fmul_rn(top, factor[t]));
    float scale = from_f16(half);
    float error = scale == 0 ? -NEGATIVE_INFINITY : q4_error(x, scale);
    if (error < least) {
      least = error;
      best = half;
    }
  }
  float scale = from_f16(best);
  float inverse = scale == 0 ? 0 : __fdiv_rn(1, scale);
  for (int j = 0; j < 32; j++) codes[j] = (int)clamp_round(__fmul_rn(x[j], inverse), -8, 7);
  return best;
}

/* n = rows of all tiles; what is beyond the edges of the matrix is 0. */
KERNEL(
    swift_quantise_tiles, const void *x, int type, i64 rows, i64 columns, unsigned char *out, int out_type, i64 n) {
  i64 across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  EACH(i, n) {
    int r = (int)(i % TILE_ROWS);
    i64 t = i / TILE_ROWS;
    i64 row = t / across * TILE_ROWS + r, column = t % across * TILE_COLUMNS;
    float v[TILE_COLUMNS];
    int codes[TILE_COLUMNS];
    for (int j = 0; j < TILE_COLUMNS; j++)
      v[j] = row < rows && column + j < columns ? load(x, type, row * columns + column + j) : 0;
    unsigned char *tile = out + t * (out_type == Q8 ? Q8_TILE : Q4_TILE);
    ((unsigned short *)tile)[r] = out_type == Q8 ? q8_codes(v, codes) : q4_codes(v, codes);
    if (out_type == Q8) {
      for (int j = 0; j < 32; j++) tile[tile_code(r, j)] = (unsigned char)(codes[j] + 128);
    } else {
      for (int j = 0; j < 16; j++)
        tile[tile_code(r, j)] = (unsigned char)((codes[j] + 8) | (codes[j + 16] + 8) << 4);
    }
  }
}

DEVICE int nf4_code(float v) {
  const float middle[15] = {-0.8480964004993439f, -0.6106329262256622f, -0.4599952697753906f, -0.33967943489551544f,
      -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f, 0.1202552504837513f,
      0.2035212516784668f, 0.2920137718319893f, 0.3893125355243683f, 0.5016634166240692f, 0.6427869200706482f,
      0.8614784181118011f};
  int code = 0;
  for (int i = 0; i < 15; i++) code += v > middle[i] ? 1 : 0;
  return code;
}

KERNEL(swift_quantise_nf4, const void *x, int type, unsigned char *out, i64 n) {
  EACH(b, n) {
    float scale = 0;
    for (int j = 0; j < NF4_BLOCK; j++) scale = fmaxf(scale, fabsf(load(x, type, b * NF4_BLOCK + j)));
    float inverse = scale > 0 ? __fdiv_rn(1, scale) : 0;
    unsigned char *block = out + b * NF4_BYTES;
    *(float *)block = scale;
    for (int j = 0; j < 32; j++) {
      i64 i = b * NF4_BLOCK + j / 16 * 32 + j % 16;
      int low = nf4_code(__fmul_rn(load(x, type, i), inverse));
      int high = nf4_code(__fmul_rn(load(x, type, i + 16), inverse));
      block[4 + j] = (unsigned char)(low | high << 4);
    }
  }
}

KERNEL(swift_quantise_q8, const void *x, int type, unsigned char *out, i64 n) {
  EACH(b, n) {
    float v[Q8B_BLOCK];
    int codes[Q8B_BLOCK];
    for (int j = 0; j < Q8B_BLOCK; j++) v[j] = load(x, type, b * Q8B_BLOCK + j);
    unsigned char *block = out + b * Q8B_BYTES;
    *(unsigned short *)block = q8_codes(v, codes);
    for (int j = 0; j < Q8B_BLOCK; j++) block[2 + j] = (unsigned char)codes[j];
  }
}
