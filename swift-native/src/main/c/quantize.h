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
#define to_halves(x) ((vh)_mm512_cvtps_ph((__m512)(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif VB == 32
#define vmin(a, b) ((vf)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define to_halves(x) ((vh)_mm256_cvtps_ph((__m256)(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#else
INLINE vf vmin(vf a, vf b) { return pick(a < b, a, b); }
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

/* Scales of 4 bits that are tried, as factors of the largest element (which comes to lie at -7.2, -7.8, or is cut to -8 from
 * -8.2, -8.6: of all sets of four these leave about the least error on normal weights) and, with a zero point, of the range;
 * the one with the least squared error is taken. */
#define TRIALS 6
static const float TRIAL_4[4] = {-0.138888896f, -0.128205135f, -0.121951222f, -0.116279073f};
static const float TRIAL_RANGE[TRIALS] = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};

/* Groups of n columns of W rows, a row in each lane: x is nearly scale (code - zero); codes replace x, zero added. */
INLINE void round_groups(const int kind, vf *x, int n, vf *scale, vf *zero) {
  const float levels = kind & BITS8 ? 255 : 15, most = kind & BITS8 ? 127 : 31;
  const int even = (kind & (BITS8 | BITS6)) != 0; /* codes between -most and most */
  const int trials = kind & ZERO ? (kind & BITS8 ? 1 : TRIALS) : even ? 1 : 4;
  vf high = {0}, low = {0};
  for (int j = 0; j < n; j++) high = vmax(x[j], high), low = vmin(x[j], low);
  vf top = pick(high >= -low, high, low);
  vf s[TRIALS], inverse[TRIALS], from[TRIALS], to[TRIALS], error[TRIALS];
#pragma GCC unroll 6
  for (int t = 0; t < trials; t++) {
    vf wanted = kind & ZERO ? (high - low) * TRIAL_RANGE[t] / levels
        : even ? vmax(top, -top) / most : top * TRIAL_4[t];
    s[t] = from_f16(to_halves(wanted));
    inverse[t] = 1 / s[t];
    from[t] = splat(even ? -most : -8);
    to[t] = splat(even ? most : 7);
    if (kind & ZERO) {
      from[t] = rounded(low * TRIAL_RANGE[t] * inverse[t], splat(-levels), splat(0));
      to[t] = levels + from[t];
    }
    error[t] = splat(0);
  }
  if (trials > 1)
    for (int j = 0; j < n; j++)
#pragma GCC unroll 6
      for (int t = 0; t < trials; t++) {
        vf d = vfma(rounded(x[j] * inverse[t], from[t], to[t]), -s[t], x[j]);
        error[t] = vfma(d, d, error[t]);
      }
  vf least = splat(INFINITY), best = {0}, first = {0}, last = {0}, factor = {0};
#pragma GCC unroll 6
  for (int t = 0; t < trials; t++) {
    vi better = (error[t] < least) & (s[t] != 0);
    least = pick(better, error[t], least), best = pick(better, s[t], best), factor = pick(better, inverse[t], factor);
    first = pick(better, from[t], first), last = pick(better, to[t], last);
  }
  *scale = best;
  *zero = kind & ZERO ? -first : splat(middle_of(kind));
  for (int j = 0; j < n; j++) x[j] = rounded(x[j] * factor, first, last) + *zero;
}

INLINE vi code_at(const vf *values, int j) { return __builtin_convertvector(values[j], vi); }

/* One tile of a matrix (rows,columns); what is beyond its edges is 0. Returns 1 for a weight that is no number. */
INLINE int quantize_tile(
    const int kind, int parts, const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, void *out) {
  uint8_t *tile = tile_at(kind, parts, out, columns, row, column);
  const int n = TC * parts;
  vi nothing = {0}; /* bits of what is not 0 when it is taken from itself */
  for (int r = 0; r < TR; r += W) {
    vf values[TC * 4], scale, zero;
    for (int j = 0; j < n; j += W) {
      for (int i = 0; i < W; i++) {
        i64 left = row + r + i < rows ? columns - column - j : 0;
        values[j + i] = (vf){0};
        if (left > 0) {
#define CALL(T) values[j + i] = ldw(x, T, (row + r + i) * columns + column + j, left)
          BY_TYPE(from, CALL)
#undef CALL
        }
      }
      transpose(values + j);
    }
    for (int j = 0; j < n; j++) nothing |= (vi)(values[j] - values[j]);
    round_groups(kind, values, n, &scale, &zero);
    vh halves = to_halves(scale);
    memcpy(tile + r * 2, &halves, sizeof halves);
    if (kind & ZERO) {
      vub bytes = __builtin_convertvector(__builtin_convertvector(zero, vi), vub);
      memcpy(tile + TR * 2 + r, &bytes, sizeof bytes);
    }
    for (int j = 0; j < n; j += 4) {
      if (!(kind & BITS8) && (j & 16)) continue;
      vi word = {0};
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        vi code = code_at(values, j + i);
        if (!(kind & BITS8)) code = (code & 15) | (code_at(values, j + i + 16) & 15) << 4;
        word |= code << (8 * i);
      }
      memcpy(codes_at(kind, part_at(kind, parts, tile, j), r, j % TC), &word, sizeof word);
    }
    for (int j = 0; kind & BITS6 && j < TC; j += 16) {
      vi word = {0};
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++) word |= code_at(values, j + i) >> 4 << (i % 4 * 8 + i / 4 * 2);
      memcpy(tile + head_bytes(kind) + 256 + j * 4 + r * 4, &word, sizeof word);
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
