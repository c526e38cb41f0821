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

INLINE lanes bounded(lanes x, float low, float high) {
  lanes_i below = x < low, above = x > high;
  lanes floor = low - (lanes){0}, top = high - (lanes){0};
  x = (lanes)((below & (lanes_i)floor) | (~below & (lanes_i)x));
  return (lanes)((above & (lanes_i)top) | (~above & (lanes_i)x));
}

/* The whole number next to x, of those between low and high; ties go to the even one. */
INLINE lanes rounded(lanes x, float low, float high) { return (bounded(x, low, high) + 0x1.8p23f) - 0x1.8p23f; }

/* The largest and the least of a group and 0. */
INLINE void range_of(const lanes *x, int count, float *high, float *low) {
  lanes most = {0}, least = {0};
  for (int l = 0; l < count; l++) {
    lanes_i above = x[l] > most, below = x[l] < least;
    most = (lanes)((above & (lanes_i)x[l]) | (~above & (lanes_i)most));
    least = (lanes)((below & (lanes_i)x[l]) | (~below & (lanes_i)least));
  }
  *high = *low = 0;
  for (int j = 0; j < 16; j++) {
    *high = most[j] > *high ? most[j] : *high;
    *low = least[j] < *low ? least[j] : *low;
  }
}

/* x as whole multiples of the scale; returns the squared error. */
INLINE float try_scale(const lanes *x, int count, float scale, float low, float high, lanes *code) {
  lanes e = {0};
  float inverse = 1 / scale;
  for (int l = 0; l < count; l++) {
    lanes q = rounded(x[l] * inverse, low, high), d;
    code[l] = q;
    for (int j = 0; j < 16; j++) d[j] = fmaf(-q[j], scale, x[l][j]);
    for (int j = 0; j < 16; j++) e[j] = fmaf(d[j], d[j], e[j]);
  }
  for (int h = 8; h > 0; h /= 2)
    for (int j = 0; j < h; j++) e[j] += e[j + h];
  return e[0];
}

/* Scales of 4 bits that are tried, as factors of the largest element (which comes to lie at -8, -7.65 ..) and, with a zero
 * point, of the range; the best one for the group is taken. */
#define TRIALS 6
static const float TRIAL_4[TRIALS] = {-0.125f, -0.130718954f, -0.136986301f, -0.143884892f, -0.151515152f, -0.16f};
static const float TRIAL_RANGE[TRIALS] = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};

/* A group of count x 16 elements: x is nearly scale (code - zero). */
INLINE void round_group(const int kind, const lanes *x, int count, uint16_t *scale, int *zero, lanes *code) {
  const float levels = kind & BITS8 ? 255 : 15;
  float high, low, least = INFINITY;
  range_of(x, count, &high, &low);
  float top = high >= -low ? high : low;
  *scale = 0;
  *zero = kind & ZERO ? 0 : kind & BITS8 ? 128 : 8;
  for (int l = 0; l < count; l++) code[l] = (lanes){0};
  for (int t = 0; t < (kind & BITS8 ? 1 : TRIALS); t++) {
    float wanted = kind & ZERO ? (high - low) * TRIAL_RANGE[t] / levels : kind & BITS8 ? fabsf(top) / 127 : top * TRIAL_4[t];
    uint16_t half = to_f16(wanted);
    float s = half_to_float(half), from = kind & BITS8 ? -127 : -8, to = kind & BITS8 ? 127 : 7;
    if (s == 0) continue;
    if (kind & ZERO) {
      from = rintf(low * TRIAL_RANGE[t] * (1 / s));
      from = from < -levels ? -levels : from;
      to = levels + from;
    }
    lanes trial[GROUP_LANES];
    float error = try_scale(x, count, s, from, to, trial);
    if (error < least) {
      least = error;
      *scale = half;
      if (kind & ZERO) *zero = (int)-from;
      for (int l = 0; l < count; l++) code[l] = trial[l];
    }
  }
}

/* One tile of a matrix (rows,columns); what is beyond its edges is 0. Returns 1 for a weight that is no number. */
INLINE int quantize_tile(
    const int kind, int parts, const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, void *out) {
  uint8_t *tile = tile_at(kind, parts, out, columns, row, column);
  int bad = 0;
  for (int r = 0; r < TR; r++) {
    lanes values[GROUP_LANES] = {{0}}, code[GROUP_LANES];
    i64 left = row + r < rows ? MIN(TC * parts, columns - column) : 0;
    for (i64 j = 0; j < left; j += W) {
      vf v;
#define CALL(T) v = ldw(x, T, (row + r) * columns + column + j, left - j)
      BY_TYPE(from, CALL)
#undef CALL
      st((float *)values + j, v);
    }
    lanes_i finite = (lanes_i){0} == 0;
    for (int l = 0; l < 2 * parts; l++) finite &= values[l] - values[l] == 0;
    for (int j = 0; j < 16; j++) bad |= !finite[j];
    uint16_t scale;
    int zero;
    round_group(kind, values, 2 * parts, &scale, &zero, code);
    memcpy(tile + r * 2, &scale, 2);
    if (kind & ZERO) tile[TR * 2 + r] = (uint8_t)zero;
    for (int p = 0; p < parts; p++) {
      uint8_t *part = part_at(kind, parts, tile, p * TC), bytes[TC];
      lanes_i a = __builtin_convertvector(code[2 * p], lanes_i) + zero;
      lanes_i b = __builtin_convertvector(code[2 * p + 1], lanes_i) + zero;
      for (int j = 0; j < 16; j++) {
        bytes[j] = (uint8_t)(kind & BITS8 ? a[j] : a[j] | b[j] << 4);
        bytes[j + 16] = (uint8_t)b[j];
      }
      for (int j = 0; j < (kind & BITS8 ? TC : 16); j += 4) memcpy(codes_at(kind, part, r, j), bytes + j, 4);
    }
  }
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
    bad |= quantize_tile(kind, parts, x, type, rows, columns, t / across * TR, t % across * parts * TC, out);
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
