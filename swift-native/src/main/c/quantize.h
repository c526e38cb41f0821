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

#if VB == 64
#define vmin(a, b) ((vf)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define most_of(a, b) ((vi)_mm512_max_epi32((__m512i)(a), (__m512i)(b)))
#define most_of_unsigned(a, b) ((vu)_mm512_max_epu32((__m512i)(a), (__m512i)(b)))
#define to_halves(x) ((vh)_mm512_cvtps_ph((__m512)(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif VB == 32
#define vmin(a, b) ((vf)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define most_of(a, b) ((vi)_mm256_max_epi32((__m256i)(a), (__m256i)(b)))
#define most_of_unsigned(a, b) ((vu)_mm256_max_epu32((__m256i)(a), (__m256i)(b)))
#define to_halves(x) ((vh)_mm256_cvtps_ph((__m256)(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#else
INLINE vf vmin(vf a, vf b) { return pick(a < b, a, b); }
INLINE vi most_of(vi a, vi b) { return (vi)pick(a > b, (vf)a, (vf)b); }
INLINE vu most_of_unsigned(vu a, vu b) { return (vu)pick((vi)(a > b), (vf)a, (vf)b); }
INLINE vh to_halves(vf x) {
  vh h;
  for (int i = 0; i < W; i++) h[i] = to_f16(x[i]);
  return h;
}
INLINE vf vfma(vf a, vf b, vf c) {
  for (int i = 0; i < W; i++) c[i] = fmaf(a[i], b[i], c[i]);
  return c;
}
#endif

/* The whole number next to x, of those between low and high; ties go to the even one. */
INLINE vf rounded(vf x, vf low, vf high) {
#if VB == 64
  return (vf)_mm512_roundscale_ps((__m512)vmin(vmax(x, low), high), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return (vmin(vmax(x, low), high) + 0x1.8p23f) - 0x1.8p23f;
#endif
}

/* With a zero point: shares of the range that the codes are spread over, of which the one with the least squared error is taken. */
#define TRIALS 6
static const float TRIAL_RANGE[TRIALS] = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};
/* The least significant bit of a float of this size is 1: added to a whole number it leaves that in the low bits. */
#define WHOLE 0x1.8p23f

/* How W groups, a row in each lane, are rounded: x is nearly scale (code - zero), code - zero between first and last. */
typedef struct {
  vf scale, inverse, first, last, zero;
} rounding;

/* The largest and the least of n vectors, at least and at most 0; returns bits of lanes with an element that is no number.
 * Compared as whole numbers: among those of one sign floats keep their order, and what is no number is beyond all others. */
INLINE vi extremes(const vf *x, int n, vf *high, vf *low) {
  vi most = {0};
  vu least = 0x80000000u - (vu){0};
  for (int j = 0; j < n; j++) most = most_of((vi)x[j], most), least = most_of_unsigned((vu)x[j], least);
  *high = (vf)most, *low = (vf)least;
  return (most >= 0x7f800000) | (vi)(least >= 0xff800000u);
}

/* Scales of 4 bits: two first ones, which bring the largest element to -8.1 (less, if the largest of the other sign would
 * be beyond 7.4) and to -8.45, each give codes. For codes q the best scale is sum(x q) / sum(q q), which takes
 * sum(x q)^2 / sum(q q) off the squared error; the better of the two is taken. */
INLINE vf scale_4(const vf *x, int n, vf high, vf low) {
  vf large = vmax(high, -low), other = vmin(high, -low), sign = pick(high >= -low, splat(-1), splat(1));
  vi fits = (large > 0x1p-40f) & (large < 0x1p40f); /* beyond these a float16 is 0 or infinite in any case */
  vf one = sign / pick(fits, vmax(large * (1 / 8.1f), other * (1 / 7.4f)), splat(INFINITY));
  vf two = sign / pick(fits, large * (1 / 8.45f), splat(INFINITY));
  vf xq1 = {0}, qq1 = {0}, xq2 = {0}, qq2 = {0};
  for (int j = 0; j < n; j++) {
    vf q1 = vfma(x[j], one, splat(WHOLE)) - WHOLE;
    vf q2 = vmin(vfma(x[j], two, splat(WHOLE)), splat(WHOLE + 7)) - WHOLE;
    xq1 = vfma(x[j], q1, xq1), qq1 = vfma(q1, q1, qq1);
    xq2 = vfma(x[j], q2, xq2), qq2 = vfma(q2, q2, qq2);
  }
  vi second = xq2 * xq2 * qq1 > xq1 * xq1 * qq2;
  return pick(second, xq2, xq1) / vmax(pick(second, qq2, qq1), splat(1));
}

/* The scale as it is stored; 0 and its inverse 0 if that is none. */
INLINE void store_scale(vf wanted, rounding *way) {
  vf s = from_f16(to_halves(wanted));
  vi none = (s == 0) | (s - s != 0);
  way->scale = pick(none, splat(0), s), way->inverse = pick(none, splat(0), 1 / s);
}

INLINE void rounding_of_range(const vf *x, int n, float levels, int trials, vf high, vf low, rounding *best) {
  rounding way[TRIALS];
  vf error[TRIALS];
#pragma GCC unroll 6
  for (int t = 0; t < trials; t++) {
    store_scale((high - low) * TRIAL_RANGE[t] / levels, way + t);
    way[t].first = rounded(low * TRIAL_RANGE[t] * way[t].inverse, splat(-levels), splat(0));
    way[t].last = levels + way[t].first;
    error[t] = splat(0);
  }
  if (trials > 1)
    for (int j = 0; j < n; j++)
#pragma GCC unroll 6
      for (int t = 0; t < trials; t++) {
        vf d = vfma(rounded(x[j] * way[t].inverse, way[t].first, way[t].last), -way[t].scale, x[j]);
        error[t] = vfma(d, d, error[t]);
      }
  *best = way[0];
  vf least = pick(best->scale != 0, error[0], splat(INFINITY));
#pragma GCC unroll 5
  for (int t = 1; t < trials; t++) {
    vi better = (error[t] < least) & (way[t].scale != 0);
    least = pick(better, error[t], least);
    best->scale = pick(better, way[t].scale, best->scale), best->inverse = pick(better, way[t].inverse, best->inverse);
    best->first = pick(better, way[t].first, best->first), best->last = pick(better, way[t].last, best->last);
  }
  best->zero = -best->first;
}

/* Groups of n columns of W rows, a row in each lane; returns bits of lanes with an element that is no number. */
INLINE vi rounding_of(const int kind, const vf *x, int n, rounding *way) {
  const float most = kind & BITS8 ? 127 : kind & BITS6 ? 31 : 7;
  vf high, low;
  vi nothing = extremes(x, n, &high, &low);
  if (kind & ZERO) {
    rounding_of_range(x, n, 2 * most + 1, kind & BITS8 ? 1 : TRIALS, high, low, way);
    return nothing;
  }
  const int even = (kind & (BITS8 | BITS6)) != 0; /* codes between -most and most */
  store_scale(even ? vmax(high, -low) / most : scale_4(x, n, high, low), way);
  way->first = splat(even ? -most : -8), way->last = splat(most), way->zero = splat(middle_of(kind));
  return nothing;
}

/* Codes of four columns, one in a byte. */
INLINE vi bytes_of_codes(const int kind, const vf *x, const rounding *way) {
  vf plus = way->zero + WHOLE;
  vu word = (0x4b400000u ^ 0x40000000u) - (vu){0}; /* the bits of WHOLE that reach into it */
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    vf v = vmin(vmax(x[i] * way->inverse, way->first), way->last);
    /* Ties are those of the code without its zero, which may be odd. */
    if (kind & ZERO) v = (v + WHOLE) - WHOLE;
    word ^= (vu)(v + plus) << (8 * i);
  }
  return (vi)word;
}

/* n columns of W rows of a matrix (rows,columns), a row in each lane; 0 beyond its edges. */
INLINE void columns_of(const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, int n, vf *values) {
  if (from == BF16 && row + W <= rows && column + n <= columns) {
    /* Transposed as pairs: half the exchanges. */
    for (int j = 0; j < n; j += 2 * W) {
      vf pairs[W];
#pragma GCC unroll 16
      for (int i = 0; i < W; i++) memcpy(&pairs[i], (const uint16_t *)x + (row + i) * columns + column + j, sizeof pairs[i]);
      transpose(pairs);
#pragma GCC unroll 16
      for (int i = 0; i < W; i++) {
        values[j + 2 * i] = (vf)((vu)pairs[i] << 16);
        values[j + 2 * i + 1] = (vf)((vu)pairs[i] & 0xffff0000u);
      }
    }
    return;
  }
  for (int j = 0; j < n; j += W) {
    for (int i = 0; i < W; i++) {
      i64 left = row + i < rows ? columns - column - j : 0;
      values[j + i] = (vf){0};
      if (left > 0) {
#define CALL(T) values[j + i] = ldw(x, T, (row + i) * columns + column + j, left)
        BY_TYPE(from, CALL)
#undef CALL
      }
    }
    transpose(values + j);
  }
}

/* One tile of a matrix (rows,columns). Returns 1 for a weight that is no number. */
INLINE int quantize_tile(
    const int kind, int parts, const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, void *out) {
  uint8_t *tile = tile_at(kind, parts, out, columns, row, column);
  const int n = TC * parts;
  vi nothing = {0};
  for (int r = 0; r < TR; r += W) {
    vf values[TC * 4];
    rounding way;
    columns_of(x, from, rows, columns, row + r, column, n, values);
    nothing |= rounding_of(kind, values, n, &way);
    vh halves = to_halves(way.scale);
    memcpy(tile + r * 2, &halves, sizeof halves);
    if (kind & ZERO) {
      vub bytes = __builtin_convertvector(__builtin_convertvector(way.zero, vi), vub);
      memcpy(tile + TR * 2 + r, &bytes, sizeof bytes);
    }
    for (int j = 0; j < n; j += TC) {
      uint8_t *part = part_at(kind, parts, tile, j);
      vi codes[TC / 4];
#pragma GCC unroll 8
      for (int t = 0; t < TC / 4; t++) codes[t] = bytes_of_codes(kind, values + j + t * 4, &way);
#pragma GCC unroll 8
      for (int t = 0; t < TC / 4; t++) {
        if (!(kind & BITS8) && t >= 4) continue;
        vi word = kind & BITS8 ? codes[t]
            : kind & BITS6 ? (codes[t] & 0x0f0f0f0f) | (codes[(t + 4) % 8] << 4 & (vi)(0xf0f0f0f0u - (vu){0}))
            : codes[t] | codes[(t + 4) % 8] << 4;
        memcpy(codes_at(kind, part, r, t * 4), &word, sizeof word);
      }
#pragma GCC unroll 2
      for (int h = 0; h < 2; h++) {
        if (!(kind & BITS6)) continue;
        vi word = {0};
#pragma GCC unroll 4
        for (int s = 0; s < 4; s++) word |= (codes[h * 4 + s] >> 4 & 0x03030303) << (2 * s);
        memcpy(part + 256 + h * 64 + r * 4, &word, sizeof word);
      }
    }
  }
  int bad = 0;
  for (int i = 0; i < W; i++) bad |= nothing[i] != 0;
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

/* The largest element becomes 448; none is beyond it, so that none is NaN. */
INLINE void quantize_f8(const float *x, uint8_t *block) {
  float factor = 448 / largest_of(x, 128);
  if (!(factor < INFINITY)) factor = 1;
  float scale = 1 / factor;
  memcpy(block, &scale, 4);
  for (int j = 0; j < 128; j++) block[4 + j] = to_f8(F8E4, MAX(-448.0f, MIN(448.0f, x[j] * factor)));
}

INLINE int quantize_tiles(
    const int kind, int parts, const void *x, int type, i64 rows, i64 columns, void *out, i64 from, i64 to) {
  const i64 across = tiles_of(columns, parts), size = type == F32 ? 4 : 2, ahead = 4;
  int bad = 0;
  for (i64 t = from; t < to; t++) {
    /* Sixteen rows are more streams than the processor follows on its own. */
    i64 next = MIN(t + ahead, to - 1);
    const char *soon = (const char *)x + (next / across * TR * columns + next % across * parts * TC) * size;
    for (int i = 0; i < TR; i++)
      for (i64 at = 0; at < parts * TC * size; at += 64) __builtin_prefetch(soon + i * columns * size + at, 0, 2);
    bad |= parts == 1 ? quantize_tile(kind, 1, x, type, rows, columns, t / across * TR, t % across * TC, out)
        : quantize_tile(kind, parts, x, type, rows, columns, t / across * TR, t % across * parts * TC, out);
  }
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
      float values[TC], most;
      widen_block(x, type, b * TC, TC, values);
      uint8_t *block = (uint8_t *)out + bytes_before(Q8B, b * TC);
      most = largest_of(values, TC);
      uint16_t half = to_f16(most / 127);
      float scale = half_to_float(half);
      memcpy(block, &half, 2);
      for (int j = 0; j < TC; j += W) {
        vf code = rounded(ld(values + j) * (scale == 0 ? 0 : 1 / scale), splat(-127), splat(127));
        vb bytes = __builtin_convertvector(__builtin_convertvector(code, vi), vb);
        memcpy(block + 2 + j, &bytes, sizeof bytes);
      }
    } else if (out_type == F8B) {
      float values[128];
      widen_block(x, type, b * 128, 128, values);
      for (int j = 0; j < 128; j++) bad |= !(values[j] - values[j] == 0);
      quantize_f8(values, (uint8_t *)out + bytes_before(F8B, b * 128));
    } else {
      float values[64];
      widen_block(x, type, b * 64, 64, values);
      for (int j = 0; j < 64; j++) bad |= !(values[j] - values[j] == 0);
      quantize_nf4(values, (uint8_t *)out + bytes_before(NF4, b * 64));
    }
  }
  return bad;
}
