/* out = alpha op(a) op(b) + beta out.
 *
 * Panels of NR columns of b are widened and laid out k-major, tiles of up to MR rows of a likewise; the inner kernel
 * keeps an MR x NR tile of out in registers and adds k products one after the other. K is cut into blocks of KC. Each
 * element is therefore the sum of its products in the same order whatever m, n, the threads and its place in the matrix:
 * a row's result does not depend on the other rows of a batch. */
#define NR (2 * W)
#define KC 512
#define MC (MR * (224 / MR))

/* dst[p * ldd + i] = src[i * lds + p] for i < rows, p < k; rows up to pad (a multiple of W, or below W) become 0. With
 * ldd < W each store spills into the next p, which is written later, and W floats beyond the end. */
INLINE void pack_rows_as(
    const void *src, const int type, i64 lds, i64 rows, i64 pad, i64 k, float *dst, i64 ldd) {
  for (i64 i0 = 0; i0 < pad; i0 += W) {
    i64 live = MIN(W, rows - i0);
    for (i64 p = 0; p < k; p += W) {
      vf r[W];
      i64 n = MIN(W, k - p);
      if (live == W && n == W) {
#pragma GCC unroll 16
        for (int i = 0; i < W; i++) r[i] = ldw(src, type, (i0 + i) * lds + p, W);
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < W; i++) r[i] = i < live ? ldw(src, type, (i0 + i) * lds + p, n) : splat(0);
      }
      transpose(r);
      float *to = dst + p * ldd + i0;
      if (n == W) {
#pragma GCC unroll 16
        for (int j = 0; j < W; j++) st(to + j * ldd, r[j]);
      } else {
#pragma GCC unroll 16
        for (int j = 0; j < W; j++)
          if (j < n) st(to + j * ldd, r[j]);
      }
    }
  }
}

/* dst[p * ldd + j] = src[p * lds + j] for j < columns; columns up to pad become 0. */
INLINE void pack_columns_as(
    const void *src, const int type, i64 lds, i64 columns, i64 pad, i64 k, float *dst, i64 ldd) {
  for (i64 p = 0; p < k; p++)
    for (i64 j = 0; j < pad; j += W)
      st(dst + p * ldd + j, columns - j > 0 ? ldw(src, type, p * lds + j, columns - j) : splat(0));
}

static void pack_rows(const void *src, int type, i64 at, i64 lds, i64 rows, i64 pad, i64 k, float *dst, i64 ldd) {
  if (type == F32) pack_rows_as((const float *)src + at, F32, lds, rows, pad, k, dst, ldd);
  else if (type == BF16) pack_rows_as((const uint16_t *)src + at, BF16, lds, rows, pad, k, dst, ldd);
  else pack_rows_as((const uint16_t *)src + at, F16, lds, rows, pad, k, dst, ldd);
}

static void pack_columns(const void *src, int type, i64 at, i64 lds, i64 columns, i64 pad, i64 k, float *dst, i64 ldd) {
  if (type == F32) pack_columns_as((const float *)src + at, F32, lds, columns, pad, k, dst, ldd);
  else if (type == BF16) pack_columns_as((const uint16_t *)src + at, BF16, lds, columns, pad, k, dst, ldd);
  else pack_columns_as((const uint16_t *)src + at, F16, lds, columns, pad, k, dst, ldd);
}

INLINE void update(float *c, vf acc, float alpha, float keep, i64 n) {
  if (n <= 0) return;
  if (keep == 0) stn(c, alpha * acc, n);
  else if (keep == 1) stn(c, ldn(c, n) + alpha * acc, n);
  else stn(c, alpha * acc + keep * ldn(c, n), n);
}

/* c (mr, n <= NR) = alpha a b + keep c: a[p * lda + i], b[p * ldb + j] with NR readable columns. */
INLINE void tile_of(
    const int mr, i64 k, const float *a, i64 lda, const float *b, i64 ldb, float *c, i64 ldc, i64 n, float alpha,
    float keep) {
  vf acc[MR][2];
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = splat(0);
#pragma GCC unroll 2
  for (i64 p = 0; p < k; p++) {
    vf b0 = ld(b), b1 = ld(b + W);
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      vf x = splat(a[i]);
      acc[i][0] += x * b0;
      acc[i][1] += x * b1;
    }
    a += lda;
    b += ldb;
  }
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) {
    update(c + i * ldc, acc[i][0], alpha, keep, n);
    update(c + i * ldc + W, acc[i][1], alpha, keep, n - W);
  }
}

typedef void (*tile_t)(i64, const float *, i64, const float *, i64, float *, i64, i64, float, float);
#define TILE(mr) \
  static void tile_##mr(i64 k, const float *a, i64 lda, const float *b, i64 ldb, float *c, i64 ldc, i64 n, \
      float alpha, float keep) { \
    tile_of(mr, k, a, lda, b, ldb, c, ldc, n, alpha, keep); \
  }
TILE(1) TILE(2) TILE(3) TILE(4)
#if MR >= 6
TILE(5) TILE(6)
#endif
#if MR >= 14
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#endif
static const tile_t tiles[] = {0, tile_1, tile_2, tile_3, tile_4
#if MR >= 6
  , tile_5, tile_6
#endif
#if MR >= 14
  , tile_7, tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14
#endif
};

/* Scratch of n floats on a cache line; a failure ends the process like any failed allocation in the JVM's own C code. */
static float *scratch(i64 n) {
  void *p = 0;
  if (posix_memalign(&p, 64, (size_t)n * 4)) abort();
  return p;
}

static void matmul(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  i64 kc = MIN(KC, k), mc = MIN(MC, m1 - m0);
  float *pa = scratch(kc * mc + kc * NR + 2 * W + 16), *pb = pa + (kc * mc + W + 15) / 16 * 16;
  for (i64 k0 = 0; k0 < MAX(k, 1); k0 += KC) {
    i64 kb = MIN(KC, k - k0);
    float keep = k0 == 0 ? beta : 1;
    for (i64 i0 = m0; i0 < m1; i0 += MC) {
      i64 mb = MIN(MC, m1 - i0);
      for (i64 i = 0; i < mb; i += MR) {
        i64 mr = MIN(MR, mb - i);
        if (ta) {
          for (i64 p = 0; p < kb; p++) stn(pa + i * kb + p * mr, ldn(a + (k0 + p) * m + i0 + i, mr), mr);
        } else {
          pack_rows(a, F32, (i0 + i) * k + k0, k, mr, mr, kb, pa + i * kb, mr);
        }
      }
      int direct = !tb && type == F32 && mb <= MR;
      for (i64 j = n0; j < n1; j += NR) {
        i64 nb = MIN(NR, n1 - j);
        const float *panel = pb;
        i64 ldb = NR;
        if (direct && nb == NR) {
          panel = (const float *)b + k0 * n + j;
          ldb = n;
        } else if (tb) {
          pack_rows(b, type, j * k + k0, k, nb, NR, kb, pb, NR);
        } else {
          pack_columns(b, type, k0 * n + j, n, nb, NR, kb, pb, NR);
        }
        for (i64 i = 0; i < mb; i += MR) {
          i64 mr = MIN(MR, mb - i);
          tiles[mr](kb, pa + i * kb, mr, panel, ldb, out + (i0 + i) * n + j, n, nb, alpha, keep);
        }
      }
    }
  }
  free(pa);
}
