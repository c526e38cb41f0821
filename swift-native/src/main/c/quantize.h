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

/* The scale of a row of a tile and its 32 codes, before their offset is added. */
INLINE void round_q8(const float *x, uint16_t *scale, int8_t *code) {
  *scale = to_f16(largest_of(x, TC) / 127);
  float s = half_to_float(*scale), inverse = s > 0 ? 1 / s : 0;
  for (int j = 0; j < TC; j++) {
    float q = rintf(x[j] * inverse);
    code[j] = (int8_t)(q > 127 ? 127 : q < -127 ? -127 : q);
  }
}

#define Q4_SCALES 6
/* What the largest element is multiplied by for a scale that puts it at -8, -7.65 ..: the best for the row is taken. */
static const float Q4_FACTOR[8] = {-0.125f, -0.130718954f, -0.136986301f, -0.143884892f, -0.151515152f, -0.16f};

/* Squared error at this scale, summed in one order for every instruction set. */
INLINE float error_q4(const float *x, float scale, int8_t *code) {
  float inverse = 1 / scale, e[16];
  for (int j = 0; j < TC; j++) {
    float q = rintf(x[j] * inverse);
    q = q > 7 ? 7 : q < -8 ? -8 : q;
    code[j] = (int8_t)q;
    float d = fmaf(-q, scale, x[j]);
    e[j & 15] = j < 16 ? d * d : fmaf(d, d, e[j & 15]);
  }
  for (int h = 8; h > 0; h /= 2)
    for (int j = 0; j < h; j++) e[j] += e[j + h];
  return e[0];
}

INLINE void round_q4(const float *x, uint16_t *scale, int8_t *code) {
  float high = 0, low = 0;
  for (int j = 0; j < TC; j++) {
    high = x[j] > high ? x[j] : high;
    low = x[j] < low ? x[j] : low;
  }
  float top = high >= -low ? high : low, least = INFINITY;
  *scale = 0;
  memset(code, 0, TC);
  for (int t = 0; t < Q4_SCALES; t++) {
    uint16_t half = to_f16(top * Q4_FACTOR[t]);
    float s = half_to_float(half);
    int8_t trial[TC];
    float error = s != 0 ? error_q4(x, s, trial) : INFINITY;
    if (error < least) {
      least = error;
      *scale = half;
      memcpy(code, trial, sizeof trial);
    }
  }
}

#if VB == 64
INLINE void store_codes(__m512 a, __m512 b, int8_t *code) {
  _mm_storeu_si128((__m128i *)code, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a)));
  _mm_storeu_si128((__m128i *)(code + 16), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(b)));
}

/* The same as round_q4 to the bit. */
INLINE void round_q4_fast(const float *x, uint16_t *scale, int8_t *code) {
  __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
  float high = _mm512_reduce_max_ps(_mm512_max_ps(a, b)), low = _mm512_reduce_min_ps(_mm512_min_ps(a, b));
  high = high > 0 ? high : 0, low = low < 0 ? low : 0;
  __m128i halves = _mm256_cvtps_ph(
      _mm256_mul_ps(_mm256_set1_ps(high >= -low ? high : low), _mm256_loadu_ps(Q4_FACTOR)), _MM_FROUND_TO_NEAREST_INT);
  __m256 scales = _mm256_cvtph_ps(halves), inverses = _mm256_div_ps(_mm256_set1_ps(1), scales);
  float s[8], inverse[8], least = INFINITY;
  uint16_t half[8];
  _mm256_storeu_ps(s, scales);
  _mm256_storeu_ps(inverse, inverses);
  _mm_storeu_si128((__m128i *)half, halves);
  const __m512 most = _mm512_set1_ps(7), few = _mm512_set1_ps(-8);
  __m512 best_a = _mm512_setzero_ps(), best_b = best_a;
  *scale = 0;
  for (int t = 0; t < Q4_SCALES; t++) {
    if (s[t] == 0) continue;
    __m512 v = _mm512_set1_ps(inverse[t]), minus = _mm512_set1_ps(-s[t]);
    __m512 p = _mm512_roundscale_ps(_mm512_mul_ps(a, v), 0), q = _mm512_roundscale_ps(_mm512_mul_ps(b, v), 0);
    p = _mm512_max_ps(_mm512_min_ps(p, most), few), q = _mm512_max_ps(_mm512_min_ps(q, most), few);
    __m512 d = _mm512_fmadd_ps(p, minus, a), f = _mm512_fmadd_ps(q, minus, b);
    float error = sum((vf)_mm512_fmadd_ps(f, f, _mm512_mul_ps(d, d)));
    if (error < least) least = error, *scale = half[t], best_a = p, best_b = q;
  }
  store_codes(best_a, best_b, code);
}

/* The same as round_q8 to the bit. */
INLINE void round_q8_fast(const float *x, uint16_t *scale, int8_t *code) {
  const __m512 sign = _mm512_set1_ps(-0.0f);
  __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
  float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_andnot_ps(sign, a), _mm512_andnot_ps(sign, b)));
  *scale = to_f16(most / 127);
  float s = half_to_float(*scale);
  __m512 inverse = _mm512_set1_ps(s > 0 ? 1 / s : 0), limit = _mm512_set1_ps(127), low = _mm512_set1_ps(-127);
  a = _mm512_max_ps(_mm512_min_ps(_mm512_roundscale_ps(_mm512_mul_ps(a, inverse), 0), limit), low);
  b = _mm512_max_ps(_mm512_min_ps(_mm512_roundscale_ps(_mm512_mul_ps(b, inverse), 0), limit), low);
  store_codes(a, b, code);
}
#else
#define round_q8_fast round_q8
#define round_q4_fast round_q4
#endif

/* One tile of a matrix (rows,columns); what is beyond its edges is 0. */
INLINE void quantize_tile(const int type, const void *x, int from, i64 rows, i64 columns, i64 row, i64 column, void *out) {
  uint8_t *tile = tile_at(type, out, columns, row, column);
  for (int r = 0; r < TR; r++) {
    float values[TC] = {0};
    i64 left = row + r < rows ? MIN(TC, columns - column) : 0;
    for (int j = 0; j < left; j += W) {
      vf v;
#define CALL(T) v = ldw(x, T, (row + r) * columns + column + j, left - j)
      BY_TYPE(from, CALL)
#undef CALL
      st(values + j, v);
    }
    uint16_t scale;
    int8_t code[TC];
    if (type == Q8) round_q8_fast(values, &scale, code);
    else round_q4_fast(values, &scale, code);
    memcpy(tile + r * 2, &scale, 2);
    uint8_t bytes[TC];
    for (int j = 0; j < (type == Q8 ? TC : 16); j++)
      bytes[j] = (uint8_t)(type == Q8 ? code[j] + 128 : (code[j] + 8) | (code[(j + 16) & 31] + 8) << 4);
    for (int j = 0; j < (type == Q8 ? TC : 16); j += 4) memcpy(codes_at(type, tile, r, j), bytes + j, 4);
  }
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

/* from, to: tiles or blocks. */
static void quantize(const void *x, int type, i64 rows, i64 columns, void *out, int out_type, i64 from, i64 to) {
  for (i64 b = from; b < to; b++) {
    if (is_tiled(out_type)) {
      i64 row = b / tiles_of(columns) * TR, column = b % tiles_of(columns) * TC;
      if (out_type == Q8) quantize_tile(Q8, x, type, rows, columns, row, column, out);
      else quantize_tile(Q4, x, type, rows, columns, row, column, out);
    } else if (out_type == Q8B) {
      float values[TC];
      widen_block(x, type, b * TC, TC, values);
      uint8_t *block = (uint8_t *)out + bytes_before(Q8B, b * TC);
      uint16_t scale;
      int8_t code[TC];
      round_q8_fast(values, &scale, code);
      memcpy(block, &scale, 2);
      memcpy(block + 2, code, TC);
    } else {
      float values[64];
      widen_block(x, type, b * 64, 64, values);
      quantize_nf4(values, (uint8_t *)out + bytes_before(NF4, b * 64));
    }
  }
}
