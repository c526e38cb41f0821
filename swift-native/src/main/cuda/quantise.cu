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

/* A group of a row; what is beyond the edges of the matrix is 0. It is read again in each pass: registers hold no array
 * of 128. */
struct Group {
  const void *x;
  int type, live;
  i64 at;
  __device__ __forceinline__ float value(int j) const { return j < live ? load(x, type, at + j) : 0; }
};

/* What a group was rounded to: x is nearly scale (code - zero), the code between 0 and its largest. */
struct Rounding {
  unsigned short half;
  float inverse, from, to;
  __device__ __forceinline__ int code(float v) const { return (int)(clamp_round(__fmul_rn(v, inverse), from, to)); }
};

/* The squared error of a group, added in its order as on the CPU. */
DEVICE float rounding_error(const Group &g, int n, const Rounding &way) {
  float scale = from_f16(way.half), error = 0;
  for (int j = 0; j < n; j++) {
    float v = g.value(j);
    float d = fmaf(-clamp_round(__fmul_rn(v, way.inverse), way.from, way.to), scale, v);
    error = fmaf(d, d, error);
  }
  return error;
}

/* What a group is rounded to with this scale, which is 0 if no float16 is near it. */
DEVICE Rounding rounding_with(float wanted, float from, float to) {
  Rounding way = {to_f16(wanted), 0, from, to};
  float scale = from_f16(way.half);
  if (scale == 0 || !is_finite(scale))
    way.half = 0;
  else
    way.inverse = __fdiv_rn(1, scale);
  return way;
}

/* As scale_4 of the CPU's kernels: two first scales give codes q each, for which sum(x q) / sum(q q) is the best scale. */
DEVICE float scale_4(const Group &g, int n, float high, float low) {
  const float whole = 12582912.0f; /* leaves the whole number next to what is added to it, ties to even */
  float large = fmaxf(high, -low), other = fminf(high, -low), sign = high >= -low ? -1 : 1;
  bool fits = large > 9.094947e-13f && large < 1.0995116e12f; /* 2^-40, 2^40 */
  float one = fits ? __fdiv_rn(sign, fmaxf(__fmul_rn(large, 1 / 8.1f), __fmul_rn(other, 1 / 7.4f))) : 0;
  float two = fits ? __fdiv_rn(sign, __fmul_rn(large, 1 / 8.45f)) : 0;
  float xq1 = 0, qq1 = 0, xq2 = 0, qq2 = 0;
  for (int j = 0; j < n; j++) {
    float v = g.value(j);
    float q1 = fmaf(v, one, whole) - whole, q2 = fminf(fmaf(v, two, whole), whole + 7) - whole;
    xq1 = fmaf(v, q1, xq1), qq1 = fmaf(q1, q1, qq1);
    xq2 = fmaf(v, q2, xq2), qq2 = fmaf(q2, q2, qq2);
  }
  bool second = __fmul_rn(__fmul_rn(xq2, xq2), qq1) > __fmul_rn(__fmul_rn(xq1, xq1), qq2);
  return __fdiv_rn(second ? xq2 : xq1, fmaxf(second ? qq2 : qq1, 1));
}

/* With a zero point the range is shrunk; of these scales the one with the least squared error is taken. */
DEVICE Rounding round_group(const Group &g, int n, int type) {
  const float range[6] = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};
  bool even = code_bits(type) > 4;
  float most = (float)((1 << (code_bits(type) - 1)) - 1), levels = 2 * most + 1, high = 0, low = 0;
  for (int j = 0; j < n; j++) {
    float v = g.value(j);
    high = v > high ? v : high;
    low = v < low ? v : low;
  }
  if (!(type & ZERO))
    return even ? rounding_with(__fdiv_rn(fmaxf(high, -low), most), -most, most)
        : rounding_with(scale_4(g, n, high, low), -most - 1, most);
  float least = -NEGATIVE_INFINITY;
  Rounding best = {0, 0, 0, 0};
#pragma unroll 1
  for (int t = 0; t < (even ? 1 : 6); t++) {
    Rounding way = rounding_with(__fdiv_rn(__fmul_rn(high - low, range[t]), levels), 0, 0);
    if (way.half == 0) continue;
    way.from = clamp_round(__fmul_rn(__fmul_rn(low, range[t]), way.inverse), -levels, 0);
    way.to = levels + way.from;
    float error = even ? 0 : rounding_error(g, n, way);
    if (error < least) {
      least = error;
      best = way;
    }
  }
  return best;
}

/* n = rows of all tiles. */
KERNEL(
    swift_quantise_tiles, const void *x, int type, i64 rows, i64 columns, unsigned char *out, int out_type, i64 n) {
  i64 across = tiles_across(out_type, columns);
  int size = tile_columns(out_type);
  EACH(i, n) {
    int r = (int)(i % TILE_ROWS);
    i64 t = i / TILE_ROWS;
    i64 row = t / across * TILE_ROWS + r, column = t % across * size;
    Group g = {x, type, row < rows ? (int)min((i64)size, columns - column) : 0, row * columns + column};
    Rounding way = round_group(g, size, out_type);
    int zero = out_type & ZERO ? (int)-way.from : 1 << (code_bits(out_type) - 1);
    unsigned char *tile = out + t * tile_bytes(out_type);
    ((unsigned short *)tile)[r] = way.half;
    if (out_type & ZERO) tile[TILE_ROWS * 2 + r] = (unsigned char)zero;
    for (int j = 0; j < size; j++) {
      int code = way.code(g.value(j)) + zero;
      if (code_bits(out_type) < 8) {
        if (j % TILE_COLUMNS >= 16) continue;
        code = (code & 15) | (way.code(g.value(j + 16)) + zero) << 4;
      }
      tile[code_byte(out_type, r, j)] = (unsigned char)code;
    }
    for (int j = 0; out_type == TILED6 && j < TILE_COLUMNS; j++) {
      if (j % 16 >= 4) continue;
      int high = 0;
      for (int s = 0; s < 16; s += 4) high |= (way.code(g.value(j + s)) + zero) >> 4 << high_shift(s);
      tile[high_byte(r, j)] = (unsigned char)high;
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

DEVICE void quantise_q8(const void *x, int type, i64 from, unsigned char *block) {
  float v[Q8B_BLOCK];
  int codes[Q8B_BLOCK];
  for (int j = 0; j < Q8B_BLOCK; j++) v[j] = load(x, type, from * Q8B_BLOCK + j);
  *(unsigned short *)block = q8_codes(v, codes);
  for (int j = 0; j < Q8B_BLOCK; j++) block[2 + j] = (unsigned char)codes[j];
}

KERNEL(swift_quantise_q8, const void *x, int type, unsigned char *out, i64 n) {
  EACH(b, n) quantise_q8(x, type, b, out + b * Q8B_BYTES);
}

/* Rows of `columns` blocks to the rows of a table that ids say. */
KERNEL(
    swift_scatter_q8, const float *rows, i64 table_rows, i64 columns, const int *ids, unsigned char *table, int *wrong,
    i64 n) {
  EACH(b, n) {
    i64 r = b / columns;
    int id = ids[r];
    if (id >= 0 && id < table_rows)
      quantise_q8(rows, F32, b, table + (id * columns + b - r * columns) * Q8B_BYTES);
    else
      atomicMin(wrong, (int)r);
  }
}

KERNEL(swift_quantise_f8, const void *x, int type, unsigned char *out, i64 n) {
  EACH(b, n) {
    float most = 0;
    for (int j = 0; j < F8B_BLOCK; j++) most = fmaxf(most, fabsf(load(x, type, b * F8B_BLOCK + j)));
    float factor = __fdiv_rn(448, most);
    if (!is_finite(factor)) factor = 1;
    unsigned char *block = out + b * F8B_BYTES;
    *(float *)block = __fdiv_rn(1, factor);
    for (int j = 0; j < F8B_BLOCK; j++) {
      float v = __fmul_rn(load(x, type, b * F8B_BLOCK + j), factor);
      block[4 + j] = to_f8(F8E4, fminf(fmaxf(v, -448), 448));
    }
  }
}
