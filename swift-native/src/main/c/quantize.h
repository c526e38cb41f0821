/* Plain weights into the tiles of tiles.h and the blocks of blocks.h. */

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

/* Sixteen floats side by side: the same order of sums for every instruction set. */
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t lanes_i __attribute__((vector_size(64)));
#define GROUP_LANES 8

#if VB == 64
#define lanes_max(a, b) ((lanes)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define lanes_min(a, b) ((lanes)_mm512_min_ps((__m512)(a), (__m512)(b)))
INLINE lanes lanes_fma(lanes a, lanes b, lanes c) { return (lanes)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#else
INLINE lanes lanes_max(lanes a, lanes b) {
  lanes_i above = a > b;
  return (lanes)((above & (lanes_i)a) | (~above & (lanes_i)b));
}
INLINE lanes lanes_min(lanes a, lanes b) {
  lanes_i below = a < b;
  return (lanes)((below & (lanes_i)a) | (~below & (lanes_i)b));
}
INLINE lanes lanes_fma(lanes a, lanes b, lanes c) {
  float d[16];
  for (int j = 0; j < 16; j++) d[j] = fmaf(a[j], b[j], c[j]);
  memcpy(&c, d, sizeof c);
  return c;
}
#endif

INLINE lanes all_lanes(float x) { return x - (lanes){0}; }

/* The other half of every 2 h lanes. */
#define SWAP(v, h) \
  __builtin_shuffle(v, (lanes_i){0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h, 8 ^ h, 9 ^ h, 10 ^ h, 11 ^ h, \
      12 ^ h, 13 ^ h, 14 ^ h, 15 ^ h})

/* The whole number next to x, of those between low and high; ties go to the even one. */
INLINE lanes rounded(lanes x, lanes low, lanes high) {
  return (lanes_min(lanes_max(x, low), high) + 0x1.8p23f) - 0x1.8p23f;
}

/* The largest and the least of a group and 0. */
INLINE void range_of(const lanes *x, int count, float *high, float *low) {
  lanes most = {0}, least = {0};
  for (int l = 0; l < count; l++) most = lanes_max(x[l], most), least = lanes_min(x[l], least);
#define STEP(h) most = lanes_max(most, SWAP(most, h)), least = lanes_min(least, SWAP(least, h));
  STEP(8) STEP(4) STEP(2) STEP(1)
#undef STEP
  *high = most[0], *low = least[0];
}

/* Squared error of x as whole multiples of the scale. */
INLINE float error_of(const lanes *x, int count, float scale, float low, float high) {
  lanes e = {0}, from = all_lanes(low), to = all_lanes(high), minus = all_lanes(-scale), inverse = all_lanes(1 / scale);
  for (int l = 0; l < count; l++) {
    lanes d = lanes_fma(rounded(x[l] * inverse, from, to), minus, x[l]);
    e = lanes_fma(d, d, e);
  }
#define STEP(h) e += SWAP(e, h);
  STEP(8) STEP(4) STEP(2) STEP(1)
#undef STEP
  return e[0];
}

/* Scales of 4 bits that are tried, as factors of the largest element (which comes to lie at -8, -7.65 ..) and, with a zero
 * point, of the range; the best one for the group is taken. */
#define TRIALS 6
static const float TRIAL_4[TRIALS] = {-0.125f, -0.130718954f, -0.136986301f, -0.143884892f, -0.151515152f, -0.16f};
static const float TRIAL_RANGE[TRIALS] = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};

/* A group of count x 16 elements: x is nearly scale (code - zero); code comes out before the zero is added. */
INLINE void round_group(const int kind, const lanes *x, int count, uint16_t *scale, int *zero, lanes *code) {
  const float levels = kind & BITS8 ? 255 : 15;
  const int trials = kind & BITS8 ? 1 : TRIALS;
  float high, low;
  range_of(x, count, &high, &low);
  float top = high >= -low ? high : low;
  uint16_t half[TRIALS];
  float from[TRIALS], error[TRIALS];
#pragma GCC unroll 6
  for (int t = 0; t < trials; t++) {
    half[t] = to_f16(
        kind & ZERO ? (high - low) * TRIAL_RANGE[t] / levels : kind & BITS8 ? fabsf(top) / 127 : top * TRIAL_4[t]);
    float s = half_to_float(half[t]);
    from[t] = kind & BITS8 ? -127 : -8;
    if (kind & ZERO) {
      from[t] = s == 0 ? 0 : rintf(low * TRIAL_RANGE[t] * (1 / s));
      from[t] = from[t] < -levels ? -levels : from[t];
    }
    float to = kind & ZERO ? levels + from[t] : kind & BITS8 ? 127 : 7;
    error[t] = s == 0 ? INFINITY : trials == 1 ? 0 : error_of(x, count, s, from[t], to);
  }
  int best = 0;
#pragma GCC unroll 6
  for (int t = 1; t < trials; t++) best = error[t] < error[best] ? t : best;
  int found = error[best] < INFINITY;
  *scale = found ? half[best] : 0;
  *zero = kind & ZERO ? (found ? (int)-from[best] : 0) : kind & BITS8 ? 128 : 8;
  float s = half_to_float(*scale);
  lanes inverse = all_lanes(found ? 1 / s : 0), least = all_lanes(from[best]);
  lanes most = all_lanes(kind & ZERO ? levels + from[best] : kind & BITS8 ? 127 : 7);
  for (int l = 0; l < count; l++) code[l] = found ? rounded(x[l] * inverse, least, most) : (lanes){0};
}

typedef uint8_t lanes_b __attribute__((vector_size(16)));

/* One tile of a matrix (rows,columns); what is beyond its edges is 0. Returns 1 for a weight that is no number. */
INLINE int quantize_tile(
    const int kind, int parts, const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, void *out) {
  uint8_t *tile = tile_at(kind, parts, out, columns, row, column);
  lanes nothing = {0};
  for (int r = 0; r < TR; r++) {
    lanes values[GROUP_LANES], code[GROUP_LANES];
    i64 left = row + r < rows ? MIN(TC * parts, columns - column) : 0;
    if (left < TC * parts) memset(values, 0, sizeof values);
    for (i64 j = 0; j < left; j += W) {
      vf v;
#define CALL(T) v = ldw(x, T, (row + r) * columns + column + j, left - j)
      BY_TYPE(from, CALL)
#undef CALL
      st((float *)values + j, v);
    }
    for (int l = 0; l < 2 * parts; l++) nothing += values[l] - values[l];
    uint16_t scale;
    int zero;
    round_group(kind, values, 2 * parts, &scale, &zero, code);
    memcpy(tile + r * 2, &scale, 2);
    if (kind & ZERO) tile[TR * 2 + r] = (uint8_t)zero;
    for (int p = 0; p < parts; p++) {
      uint8_t *part = part_at(kind, parts, tile, p * TC);
      lanes_i a = __builtin_convertvector(code[2 * p], lanes_i) + zero;
      lanes_i b = __builtin_convertvector(code[2 * p + 1], lanes_i) + zero;
      lanes_b bytes[2] = {
          __builtin_convertvector(kind & BITS8 ? a : a | b << 4, lanes_b), __builtin_convertvector(b, lanes_b)};
      for (int j = 0; j < (kind & BITS8 ? TC : 16); j += 4) memcpy(codes_at(kind, part, r, j), (uint8_t *)bytes + j, 4);
    }
  }
  int bad = 0;
  for (int j = 0; j < 16; j++) bad |= !(nothing[j] == 0);
  return bad;
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

INLINE int quantize_tiles(
    const int kind, int parts, const void *x, int type, i64 rows, i64 columns, void *out, i64 from, i64 to) {
  i64 across = tiles_of(columns, parts);
  int bad = 0;
  for (i64 t = from; t < to; t++)
    bad |= parts == 1 ? quantize_tile(kind, 1, x, type, rows, columns, t / across * TR, t % across * TC, out)
        : quantize_tile(kind, parts, x, type, rows, columns, t / across * TR, t % across * parts * TC, out);
  return bad;
}

/* from, to: tiles or blocks. Returns 1 for a weight that is no number; keys and values of a cache are not asked. */
static int quantize(const void *x, int type, i64 rows, i64 columns, void *out, int out_type, i64 from, i64 to) {
  if (is_tiled(out_type)) {
#define CALL(K) return quantize_tiles(K, parts_of(out_type), x, type, rows, columns, out, from, to)
    BY_KIND(out_type, CALL)
#undef CALL
  }
  int bad = 0;
  for (i64 b = from; b < to; b++) {
    if (out_type == Q8B) {
      lanes values[2], code[2];
      widen_block(x, type, b * TC, TC, (float *)values);
      uint8_t *block = (uint8_t *)out + bytes_before(Q8B, b * TC);
      uint16_t scale;
      int zero;
      round_group(BITS8, values, 2, &scale, &zero, code);
      memcpy(block, &scale, 2);
      for (int j = 0; j < TC; j++) block[2 + j] = (uint8_t)(int8_t)code[j >> 4][j & 15];
    } else {
      float values[64];
      widen_block(x, type, b * 64, 64, values);
      for (int j = 0; j < 64; j++) bad |= !(values[j] - values[j] == 0);
      quantize_nf4(values, (uint8_t *)out + bytes_before(NF4, b * 64));
    }
  }
  return bad;
}
