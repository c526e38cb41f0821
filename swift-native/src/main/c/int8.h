/* x w^T with int8 or int4 weights and activations rounded to int8 by groups of 32: sums of a pair of blocks are exact in
 * int32, and are scaled and added in float32 in the order of k. A row's result does not depend on the other rows.
 * Needs the dot product of bytes (VNNI); k is a multiple of 64. */
#if VB == 64

typedef struct {
  const int8_t *codes;  /* per pair of blocks 64, in the order of the weights' register */
  const int32_t *start; /* per pair 16 lanes, what the offset of the unsigned weights adds too much */
  const float *scale;   /* per pair 16 lanes */
} int8_rows;

/* Which of a pair's 64 elements is at place t: Q8 has them in order, Q4 low halves of both blocks, then high ones. */
INLINE int place_of(const int type, int t) {
  if (type == Q8) return t;
  int quarter = t >> 4;
  return (quarter & 1) * 32 + (quarter >> 1) * 16 + (t & 15);
}

INLINE void round_rows(
    const int type, const float *x, i64 rows, i64 k, int8_t *codes, int32_t *start, float *scale) {
  const int offset = type == Q8 ? 128 : 8;
  for (i64 pair = 0; pair < rows * k / 64; pair++) {
    const float *from = x + pair * 64;
    float inverse[2], group[2];
    for (int g = 0; g < 2; g++) {
      float most = largest_of(from + g * 32, 32);
      group[g] = most / 127;
      inverse[g] = most > 0 ? 127 / most : 0;
    }
    int sum[16] = {0};
    for (int t = 0; t < 64; t++) {
      int i = place_of(type, t);
      int q = (int)rintf(from[i] * inverse[i >> 5]);
      codes[pair * 64 + t] = (int8_t)q;
      sum[t >> 2] += q;
    }
    for (int l = 0; l < 16; l++) {
      start[pair * 16 + l] = -offset * sum[l];
      scale[pair * 16 + l] = group[place_of(type, l * 4) >> 5];
    }
  }
}

/* A pair of blocks: unsigned codes, and the scale of each lane. */
INLINE __m512i pair_codes(const int type, const uint8_t *block, __m512 *scale) {
  uint16_t h0, h1;
  if (type == Q8) {
    memcpy(&h0, block, 2);
    memcpy(&h1, block + Q8_BYTES, 2);
    __m512i w = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const void *)(block + 2))),
        _mm256_loadu_si256((const void *)(block + Q8_BYTES + 2)), 1);
    *scale = _mm512_insertf32x8(
        _mm512_castps256_ps512(_mm256_set1_ps(half_to_float(h0))), _mm256_set1_ps(half_to_float(h1)), 1);
    return _mm512_xor_si512(w, _mm512_set1_epi8((char)0x80));
  }
  memcpy(&h0, block, 2);
  memcpy(&h1, block + Q4_BYTES, 2);
  __m256i b = _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const void *)(block + 2))),
      _mm_loadu_si128((const void *)(block + Q4_BYTES + 2)), 1);
  __m256i nibble = _mm256_set1_epi8(15);
  __m256i low = _mm256_and_si256(b, nibble), high = _mm256_and_si256(_mm256_srli_epi16(b, 4), nibble);
  __m256 s = _mm256_insertf128_ps(
      _mm256_castps128_ps256(_mm_set1_ps(half_to_float(h0))), _mm_set1_ps(half_to_float(h1)), 1);
  *scale = _mm512_insertf32x8(_mm512_castps256_ps512(s), s, 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

INLINE void int8_tile(
    const int mr, const int nr, const int type, int8_rows x, i64 i, const uint8_t *w, i64 row_bytes, i64 k, float *out,
    i64 ldo, float alpha, float beta) {
  const i64 pair_bytes = 2 * (type == Q8 ? Q8_BYTES : Q4_BYTES), pairs = k / 64;
  __m512 acc[4][4];
#pragma GCC unroll 4
  for (int a = 0; a < mr; a++)
#pragma GCC unroll 4
    for (int b = 0; b < nr; b++) acc[a][b] = _mm512_setzero_ps();
  for (i64 p = 0; p < pairs; p++) {
#pragma GCC unroll 4
    for (int b = 0; b < nr; b++) {
      const uint8_t *block = w + b * row_bytes + p * pair_bytes;
      __m512 sw;
      __m512i codes = pair_codes(type, block, &sw);
      if (mr == 1) _mm_prefetch((const char *)block + nr * row_bytes, _MM_HINT_T1);
#pragma GCC unroll 4
      for (int a = 0; a < mr; a++) {
        i64 at = (i + a) * pairs + p;
        __m512i sum = _mm512_dpbusd_epi32(
            _mm512_loadu_si512(x.start + at * 16), codes, _mm512_loadu_si512(x.codes + at * 64));
        acc[a][b] = _mm512_fmadd_ps(
            _mm512_cvtepi32_ps(sum), _mm512_mul_ps(sw, _mm512_loadu_ps(x.scale + at * 16)), acc[a][b]);
      }
    }
  }
#pragma GCC unroll 4
  for (int a = 0; a < mr; a++)
#pragma GCC unroll 4
    for (int b = 0; b < nr; b++) {
      float s = alpha * sum((vf)acc[a][b]);
      float *o = out + (i + a) * ldo + b;
      *o = beta == 0 ? s : s + beta * *o;
    }
}

INLINE int int8_product_as(
    const int type, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 m0,
    i64 m1, i64 n0, i64 n1) {
  i64 rows = m1 - m0, pairs = rows * k / 64;
  float *space = scratch(pairs * (16 + 16 + 16));
  if (!space) return 1;
  int8_t *codes = (int8_t *)space;
  int32_t *start = (int32_t *)(space + pairs * 16);
  float *scale = space + pairs * 32;
  round_rows(type, a + m0 * k, rows, k, codes, start, scale);
  int8_rows x = {codes, start, scale};
  i64 row_bytes = k / 32 * (type == Q8 ? Q8_BYTES : Q4_BYTES);
  const uint8_t *w = b;
  float *o = out + m0 * n;
  i64 j = n0;
  for (; j + 4 <= n1; j += 4) {
    i64 i = 0;
    for (; i + 4 <= rows; i += 4)
      int8_tile(4, 4, type, x, i, w + j * row_bytes, row_bytes, k, o + j, n, alpha, beta);
    for (; i < rows; i++) int8_tile(1, 4, type, x, i, w + j * row_bytes, row_bytes, k, o + j, n, alpha, beta);
  }
  for (; j < n1; j++)
    for (i64 i = 0; i < rows; i++)
      int8_tile(1, 1, type, x, i, w + j * row_bytes, row_bytes, k, o + j, n, alpha, beta);
  free(space);
  return 0;
}

static int int8_product(
    int type, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 m0, i64 m1,
    i64 n0, i64 n1) {
  return type == Q8 ? int8_product_as(Q8, a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1)
                    : int8_product_as(Q4, a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1);
}
#endif
