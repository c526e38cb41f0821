/* x w^T with tiled weights of 8, 6 or 4 bits and activations rounded to int8 by groups: sums of a part are exact in
 * int32, and are scaled and added in float32 in the order of k. A row's result does not depend on the other rows.
 * Needs the dot product of bytes (VNNI).
 *
 * Measured on one core of an EPYC 9004 (VNNI 465 GOP/s, simple reading 28 GB/s): 1 row 31 GB/s int8, 30 GB/s int4; 512
 * rows 360 GOP/s. */
#if VB == 64

typedef struct {
  const int8_t *codes;  /* (rows, groups * 32) */
  const int32_t *start; /* (rows, groups): what a zero of the unsigned weights, or a zero of 1, adds too much */
  const float *scale;   /* (rows, groups / span) */
  i64 groups, spans;
} int8_rows;

/* Groups of 32 activations that share a scale. Beside our weights of 4 bits, whose own rounding is some twenty times coarser,
 * 128 columns do; each scale costs an operation behind the dot products of its groups. */
INLINE int span_of(const int kind) { return kind == BITS4 ? 4 : 1; }

/* The product's rows lie side by side, or `block` of them group by group; groups beyond the last column are 0, and their
 * scale is the zero that changes no sum. */
INLINE void round_rows(const int kind, const int block, const float *x, i64 rows, i64 k, int8_rows to) {
  const int offset = kind & ZERO ? 1 : middle_of(kind), span = span_of(kind);
  int8_t *codes = (int8_t *)to.codes;
  int32_t *start = (int32_t *)to.start;
  float *scale = (float *)to.scale;
  for (i64 r = 0; r < rows; r++, x += k)
    for (i64 s = 0; s < to.spans; s++) {
      vf v[8];
      __m512i most = _mm512_setzero_si512(); /* of the bits: a NaN is above all numbers, and makes the scale one */
      i64 g = s * span;
#pragma GCC unroll 8
      for (int i = 0; i < 2 * span; i++) {
        i64 left = k - g * 32 - i * 16;
        v[i] = left > 0 ? ldn(x + g * 32 + i * 16, left) : splat(0);
        most = _mm512_max_epi32(most, (__m512i)((vi)v[i] & 0x7fffffff));
      }
      int32_t bits = _mm512_reduce_max_epi32(most);
      float top;
      memcpy(&top, &bits, sizeof top);
      vf inverse = splat(top > 0 ? 127 / top : 0);
      scale[(r / block * to.spans + s) * block + r % block] = g * 32 < k ? top / 127 : -0.0f;
#pragma GCC unroll 4
      for (int i = 0; i < span; i++) {
        if (g + i >= to.groups) break;
        i64 at = (r / block * to.groups + g + i) * block + r % block;
        __m512i p = _mm512_cvtps_epi32((__m512)(v[2 * i] * inverse));
        __m512i q = _mm512_cvtps_epi32((__m512)(v[2 * i + 1] * inverse));
        _mm_storeu_si128((__m128i *)(codes + at * 32), _mm512_cvtepi32_epi8(p));
        _mm_storeu_si128((__m128i *)(codes + at * 32 + 16), _mm512_cvtepi32_epi8(q));
        if (block == 1 || kind == (BITS8 | ZERO))
          start[at] = (int32_t)(0u - (uint32_t)offset * (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(p, q)));
      }
    }
}

INLINE __m512i four_codes(const int8_t *codes) {
  int32_t four;
  memcpy(&four, codes, 4);
  return _mm512_set1_epi32(four);
}

/* Codes of four bits and two more above them, bits 2 s of the bytes at `high`. */
INLINE __m512i with_high(__m512i codes, const uint8_t *high, const int s) {
  __m512i h = _mm512_loadu_si512(high);
  h = s < 2 ? _mm512_slli_epi16(h, 4 - 2 * s) : _mm512_srli_epi16(h, 2 * s - 4);
  return _mm512_or_si512(codes, _mm512_and_si512(h, _mm512_set1_epi8(0x30)));
}

INLINE void finish(float *o, vf acc, float alpha, float beta, i64 live) {
  vf s = alpha * acc;
  stn(o, beta == 0 ? s : (vf)_mm512_fmadd_ps(_mm512_set1_ps(beta), (__m512)ldn(o, live), (__m512)s), live);
}

/* The hardware's own prefetch ends with a page of 4 KiB. Measured on a Xeon (Granite Rapids) with 1 row, of what a plain loop
 * reads: int4 98 % this way and 85 without, int8 95 and 90, int6 90 and 79. */
#define AHEAD 2048

/* out (mr, 16 nr): mr rows from i on by the nr strips of tiles from w on; one strip at a time is read from memory. */
INLINE void int8_tile(
    const int mr, const int nr, const int kind, int parts, int8_rows x, i64 i, const uint8_t *w, float *out, i64 ldo,
    i64 n, float alpha, float beta) {
  const i64 bytes = tile_bytes(kind, parts), strip = (x.groups + parts - 1) / parts * bytes;
  const __m512i low = _mm512_set1_epi8(15);
  const int span = span_of(kind);
  __m512 acc[8][2], part_acc[8][2];
#pragma GCC unroll 8
  for (int a = 0; a < mr; a++)
#pragma GCC unroll 2
    for (int b = 0; b < nr; b++) acc[a][b] = part_acc[a][b] = _mm512_setzero_ps();
  const uint8_t *tile = w, *part = w + head_bytes(kind);
  for (i64 g = 0; g < x.groups; g++) {
    const int8_t *codes = x.codes + (i * x.groups + g) * 32;
    __m512i sum[8][2];
    if (nr == 1)
#pragma GCC unroll 8
      for (int at = 0; at < part_bytes(kind); at += 64) __builtin_prefetch(part + AHEAD + at);
#pragma GCC unroll 2
    for (int b = 0; b < nr; b++) {
      __m512i zeros = kind & ZERO ? (__m512i)ldzeros(kind, tile + b * strip, 0) : low;
#pragma GCC unroll 8
      for (int a = 0; a < mr; a++) {
        sum[a][b] = _mm512_set1_epi32(x.start[(i + a) * x.groups + g]);
        if (kind & ZERO) sum[a][b] = _mm512_mullo_epi32(sum[a][b], zeros);
      }
    }
#pragma GCC unroll 8
    for (int s = 0; s < 8; s++) {
      if (!(kind & BITS8) && s >= 4) break;
#pragma GCC unroll 2
      for (int b = 0; b < nr; b++) {
        __m512i c = _mm512_loadu_si512(part + b * strip + s * 64);
        __m512i first = kind & BITS8 ? c : _mm512_and_si512(c, low);
        if (kind & BITS6) first = with_high(first, part + b * strip + 256, s);
#pragma GCC unroll 8
        for (int a = 0; a < mr; a++)
          sum[a][b] = _mm512_dpbusd_epi32(sum[a][b], first, four_codes(codes + a * x.groups * 32 + s * 4));
        if (!(kind & BITS8)) {
          __m512i second = _mm512_and_si512(_mm512_srli_epi16(c, 4), low);
          if (kind & BITS6) second = with_high(second, part + b * strip + 320, s);
#pragma GCC unroll 8
          for (int a = 0; a < mr; a++)
            sum[a][b] = _mm512_dpbusd_epi32(sum[a][b], second, four_codes(codes + a * x.groups * 32 + 16 + s * 4));
        }
      }
    }
#pragma GCC unroll 2
    for (int b = 0; b < nr; b++) {
      __m512 scale = (__m512)ldscales(tile + b * strip, 0);
#pragma GCC unroll 8
      for (int a = 0; a < mr; a++) {
        __m512 wide = _mm512_cvtepi32_ps(sum[a][b]);
        part_acc[a][b] = span == 1 ? _mm512_mul_ps(wide, scale) : _mm512_fmadd_ps(wide, scale, part_acc[a][b]);
      }
    }
    if ((g + 1) % span == 0 || g + 1 == x.groups) {
#pragma GCC unroll 8
      for (int a = 0; a < mr; a++) {
        __m512 scale = _mm512_set1_ps(x.scale[(i + a) * x.spans + g / span]);
#pragma GCC unroll 2
        for (int b = 0; b < nr; b++) {
          acc[a][b] = _mm512_fmadd_ps(part_acc[a][b], scale, acc[a][b]);
          part_acc[a][b] = _mm512_setzero_ps();
        }
      }
    }
    part += part_bytes(kind);
    if (((g + 1) & (parts - 1)) == 0) {
      tile += bytes;
      part = tile + head_bytes(kind);
    }
  }
#pragma GCC unroll 8
  for (int a = 0; a < mr; a++)
#pragma GCC unroll 2
    for (int b = 0; b < nr; b++) {
      if (n - b * 16 > 0) finish(out + (i + a) * ldo + b * 16, (vf)acc[a][b], alpha, beta, n - b * 16);
    }
}

/* So many strips of weights stay in the cache while all rows pass by. */
#define STRIPS 16

INLINE int int8_product_as(
    const int kind, int parts, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  i64 rows = m1 - m0, groups = tiles_of(k, 1), all = rows * groups, spans = (groups + span_of(kind) - 1) / span_of(kind);
  float *space = scratch(all * 10);
  if (!space) return 1;
  int8_rows x = {(int8_t *)space, (int32_t *)(space + all * 8), space + all * 9, groups, spans};
  round_rows(kind, 1, a + m0 * k, rows, k, x);
  const i64 strip = tiles_of(k, parts) * tile_bytes(kind, parts);
  const uint8_t *w = (const uint8_t *)b + n0 / TR * strip;
  float *o = out + m0 * n + n0;
  i64 columns = n1 - n0;
  if (rows < 4) {
    for (i64 j = 0; j < columns; j += TR, w += strip, o += TR)
      switch (rows) {
        case 1: int8_tile(1, 1, kind, parts, x, 0, w, o, n, columns - j, alpha, beta); break;
        case 2: int8_tile(2, 1, kind, parts, x, 0, w, o, n, columns - j, alpha, beta); break;
        default: int8_tile(3, 1, kind, parts, x, 0, w, o, n, columns - j, alpha, beta);
      }
    swiftk_give(space);
    return 0;
  }
  i64 block = rows <= 16 ? 1 : STRIPS;
  for (i64 j0 = 0; j0 < columns; j0 += block * TR) {
    i64 j1 = MIN(columns, j0 + block * TR), i = 0;
    if (block == 1)
      for (; i + 8 <= rows; i += 8)
        int8_tile(8, 1, kind, parts, x, i, w + j0 / TR * strip, o + j0, n, columns - j0, alpha, beta);
    for (; i + 4 <= rows; i += 4) {
      i64 j = j0;
      for (; j + TR < j1; j += 2 * TR)
        int8_tile(4, 2, kind, parts, x, i, w + j / TR * strip, o + j, n, columns - j, alpha, beta);
      for (; j < j1; j += TR)
        int8_tile(4, 1, kind, parts, x, i, w + j / TR * strip, o + j, n, columns - j, alpha, beta);
    }
    for (; i < rows; i++)
      for (i64 j = j0; j < j1; j += TR)
        int8_tile(1, 1, kind, parts, x, i, w + j / TR * strip, o + j, n, columns - j, alpha, beta);
  }
  swiftk_give(space);
  return 0;
}

/* A product of tiled weights by product_as, which knows their kind. */
#define OF_KIND(kind, product) \
  return product##_as(kind, parts_of(type), a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1)
#define TILED_PRODUCT(product) \
  static int product( \
      int type, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 m0, i64 m1, \
      i64 n0, i64 n1) { \
    BY_KIND(type, OF_KIND, product) \
  }

TILED_PRODUCT(int8_product)
#endif
