/* out = alpha op(a) op(b) + beta out; ta and tb are 1 for the transpose.
 *
 * Panels of NR columns of b are widened and laid out k-major, tiles of up to MR rows of a likewise; the inner kernel
 * keeps an MR x NR tile of out in registers and adds k products one after the other. K is cut into blocks of KC. Each
 * element is therefore the sum of its products in the same order whatever m, n, the threads and its place in the
 * matrix: a row's result does not depend on the other rows of a batch. The exceptions are x w^T with up to FEW rows of either,
 * see there, and what split.h takes over.
 *
 * Measured on one core of an EPYC 9004 with AVX-512 (axpy: 58 GB/s): 512 x 3072 x 1024 float32 or bf16 100 - 110
 * GFLOP/s, the same from 512 x 128 x 128 up. */
#define NR (2 * W)
#define KC 512
#define MC (MR * (1024 / MR))

/* So many rows are more streams than the hardware follows. What lies beyond the end does no harm. */
INLINE void ahead(const void *src, int type, i64 at, i64 bytes) {
  __builtin_prefetch((const char *)src + bytes_before(type, at) + bytes);
}

/* dst[p * ldd + i] = src[at + i * lds + p] for i < rows, p < k; rows up to pad (a multiple of W, or below W) become 0. With
 * ldd < W each store spills into the next p, which is written later, and W floats beyond the end. */
INLINE void pack_rows_as(
    const void *src, const int type, i64 at, i64 lds, i64 rows, i64 pad, i64 k, float *dst, i64 ldd) {
  for (i64 i0 = 0; i0 < pad; i0 += W) {
    i64 live = MIN(W, rows - i0);
    for (i64 p = 0; p < k; p += W) {
      vf r[W];
      i64 n = MIN(W, k - p);
      for (int i = 0; i < live; i++) ahead(src, type, at + (i0 + i) * lds + p, 256);
      if (live == W && n == W) {
#pragma GCC unroll 16
        for (int i = 0; i < W; i++) r[i] = ldw(src, type, at + (i0 + i) * lds + p, W);
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < W; i++) r[i] = i < live ? ldw(src, type, at + (i0 + i) * lds + p, n) : splat(0);
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

/* dst[p * ldd + j] = src[at + p * lds + j] for j < columns; columns up to pad become 0. */
INLINE void pack_columns_as(
    const void *src, const int type, i64 at, i64 lds, i64 columns, i64 pad, i64 k, float *dst, i64 ldd) {
  for (i64 p = 0; p < k; p++) {
    if (k > 16) ahead(src, type, at + (p + 16) * lds, 0), ahead(src, type, at + (p + 16) * lds, 64);
    for (i64 j = 0; j < pad; j += W)
      st(dst + p * ldd + j, columns - j > 0 ? ldw(src, type, at + p * lds + j, columns - j) : splat(0));
  }
}

static void pack_rows(const void *src, int type, i64 at, i64 lds, i64 rows, i64 pad, i64 k, float *dst, i64 ldd) {
  if (is_tiled(type)) {
    pack_tiles(type, src, lds, at / lds, rows, at % lds, pad, k, dst, ldd);
    return;
  }
#define CALL(T) pack_rows_as(src, T, at, lds, rows, pad, k, dst, ldd)
  BY_TYPE(type, CALL)
#undef CALL
}

INLINE void pack_tiled_columns(
    const void *src, const int kind, int parts, i64 at, i64 lds, i64 columns, i64 pad, i64 k, float *dst, i64 ldd) {
  for (i64 p = 0; p < k; p++)
    for (i64 j = 0; j < pad; j += W)
      st(dst + p * ldd + j, columns - j > 0 ? ldtile(src, kind, parts, lds, at / lds + p, at % lds + j) : splat(0));
}

/* Tiled weights have rows of lds elements. */
static void pack_columns(const void *src, int type, i64 at, i64 lds, i64 columns, i64 pad, i64 k, float *dst, i64 ldd) {
  if (is_tiled(type)) {
#define CALL(K) pack_tiled_columns(src, K, parts_of(type), at, lds, columns, pad, k, dst, ldd)
    BY_KIND(type, CALL)
#undef CALL
    return;
  }
#define CALL(T) pack_columns_as(src, T, at, lds, columns, pad, k, dst, ldd)
  BY_TYPE(type, CALL)
#undef CALL
}

/* Rows that several threads use are laid out once by pack, a slice of columns at a time, which begins at a multiple of KC:
 * tiles of a block of KC columns one behind the other, with room for what the last stores of each spill. */
#define PACKED 2

INLINE i64 packed_at(i64 m, i64 k, i64 row, i64 k0) {
  return (m + MR - 1) / MR * (MR * k0 + W * (k0 / KC)) + row / MR * (MR * MIN(KC, k - k0) + W);
}

static i64 packed(i64 m, i64 k) { return packed_at(m, k, 0, (k + KC - 1) / KC * KC); }

/* The tiles of part `from` to part `to` of `parts` of columns first to last. */
static void pack(const float *a, i64 m, i64 k, i64 first, i64 last, float *out, i64 from, i64 to, i64 parts) {
  i64 tiles = (m + MR - 1) / MR;
  for (i64 k0 = first; k0 < last; k0 += KC)
    for (i64 i = tiles * from / parts * MR; i < MIN(m, tiles * to / parts * MR); i += MR) {
      i64 mr = MIN(MR, m - i);
      pack_rows(a, F32, i * k + k0, k, mr, mr, MIN(KC, last - k0), out + packed_at(m, last - first, i, k0 - first), mr);
    }
}

/* Calls part of a panel of weights into the cache while another is multiplied by: its rows are too short for the hardware
 * to see them coming. */
INLINE void prefetch_rows(const void *w, int type, i64 at, i64 ld, i64 columns, i64 from, i64 to) {
  i64 bytes = bytes_before(type, columns);
  for (i64 r = from; r < to; r++) {
    const char *row = (const char *)w + bytes_before(type, at + r * ld);
    for (i64 i = 0; i < bytes; i += 64) __builtin_prefetch(row + i, 0, 2);
    __builtin_prefetch(row + bytes - 1, 0, 2);
  }
}

/* Where the panel of weights begins that is multiplied by next, as rows of so many columns; none of tiled weights. */
typedef struct { i64 at, rows, columns; } panel_t;

static panel_t panel_behind(int type, int tb, i64 n, i64 k, i64 k0, i64 last, i64 j, i64 n0, i64 n1, int more_rows) {
  j += NR;
  if (j >= n1) j = n0, k0 += more_rows ? 0 : KC;
  if (is_tiled(type) || k0 >= last) return (panel_t){0, 0, 0};
  i64 across = MIN(NR, n1 - j), along = MIN(KC, last - k0);
  return tb ? (panel_t){j * k + k0, across, along} : (panel_t){k0 * n + j, along, across};
}

INLINE void update(float *c, vf acc, float alpha, float keep, i64 n) {
  if (n <= 0) return;
  if (keep == 0) stn(c, alpha * acc, n);
  else if (keep == 1) stn(c, fused(splat(alpha), acc, ldn(c, n)), n);
  else stn(c, fused(splat(keep), ldn(c, n), alpha * acc), n);
}

/* c (mr, n <= nv W) = alpha a b + keep c: a[p * lda + i], or a[i * along + p] if `along` is not 0; b[p * ldb + j] with
 * nv W readable columns. */
INLINE void tile_of(
    const int mr, const int nv, const i64 along, i64 k, const float *a, i64 lda, const float *b, i64 ldb, float *c,
    i64 ldc, i64 n, float alpha, float keep) {
  vf acc[MR][2];
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = splat(0);
#pragma GCC unroll 2
  for (i64 p = 0; p < k; p++) {
    vf b0 = ld(b), b1 = nv == 2 ? ld(b + W) : b0;
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      vf x = splat(a[along ? i * along : i]);
      acc[i][0] += x * b0;
      if (nv == 2) acc[i][1] += x * b1;
    }
    a += along ? 1 : lda;
    b += ldb;
  }
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) {
    update(c + i * ldc, acc[i][0], alpha, keep, n);
    if (nv == 2) update(c + i * ldc + W, acc[i][1], alpha, keep, n - W);
  }
}

typedef void (*tile_t)(i64, const float *, i64, const float *, i64, float *, i64, i64, float, float);
/* Rows of scores in attention.h lie so many floats apart. */
#define KB 64
#define TILE(name, along, mr, nv) \
  static void name##_##mr##_##nv(i64 k, const float *a, i64 lda, const float *b, i64 ldb, float *c, i64 ldc, i64 n, \
      float alpha, float keep) { \
    tile_of(mr, nv, along, k, a, lda, b, ldb, c, ldc, n, alpha, keep); \
  }
#define TILES(mr) TILE(tile, 0, mr, 1) TILE(tile, 0, mr, 2) TILE(scores, KB, mr, 1) TILE(scores, KB, mr, 2)
#define NAMES(mr) , {tile_##mr##_1, tile_##mr##_2, scores_##mr##_1, scores_##mr##_2}
TILES(1) TILES(2) TILES(3) TILES(4)
#if MR >= 6
TILES(5) TILES(6)
#endif
#if MR >= 14
TILES(7) TILES(8) TILES(9) TILES(10) TILES(11) TILES(12) TILES(13) TILES(14)
#endif
static const tile_t tiles[][4] = {{0, 0, 0, 0} NAMES(1) NAMES(2) NAMES(3) NAMES(4)
#if MR >= 6
  NAMES(5) NAMES(6)
#endif
#if MR >= 14
  NAMES(7) NAMES(8) NAMES(9) NAMES(10) NAMES(11) NAMES(12) NAMES(13) NAMES(14)
#endif
};

/* Up to FEW rows by w^T, or up to FEW rows of w: packing would cost more than it saves, so that both are read along k, W
 * products side by side. The order of the sum is another one than below, but the same for 1 to FEW rows. */
#define FEW 16
#define DN (VB == 64 ? 4 : 2)

INLINE void dots(
    const int mr, const int nr, const float *x, const void *w, const int type, i64 at, i64 k, float *out, i64 ldo,
    float alpha, float beta) {
  vf acc[4][8];
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 8
    for (int j = 0; j < nr; j++) acc[i][j] = splat(0);
  i64 p = 0;
  for (; p + W <= k; p += W) {
    vf xs[4];
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) xs[i] = ld(x + i * k + p);
#pragma GCC unroll 8
    for (int j = 0; j < nr; j++) {
      /* Each row is too short a stream for the hardware to prefetch; the next rows' turn comes soon. */
      __builtin_prefetch((const char *)w + bytes_before(type, at + (nr + j) * k + p), 0, 2);
      /* One row waits for memory: 30 GB/s this way, 24 with the shorter conversion, which asks for lines in bursts. */
      vf y = mr == 1 && type == BF16 ? from_bf16_in_halves(*((const vhu *)((const uint16_t *)w + at + j * k + p)))
          : ldw(w, type, at + j * k + p, W);
#pragma GCC unroll 4
      for (int i = 0; i < mr; i++) acc[i][j] += xs[i] * y;
    }
  }
  if (p < k) {
#pragma GCC unroll 8
    for (int j = 0; j < nr; j++) {
      vf y = ldw(w, type, at + j * k + p, k - p);
#pragma GCC unroll 4
      for (int i = 0; i < mr; i++) acc[i][j] += ldn(x + i * k + p, k - p) * y;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 8
    for (int j = 0; j < nr; j++)
      out[i * ldo + j] = finished(sum(acc[i][j]), alpha, beta, out[i * ldo + j]);
}

/* Rows of NF4 whose blocks do not go across rows: a block's products are added before its scale comes in. */
INLINE void nf4_dots(
    const int mr, const int nr, const float *x, const void *w, i64 at, i64 k, float *out, i64 ldo, float alpha,
    float beta) {
  vf acc[4][4];
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
    for (int j = 0; j < nr; j++) acc[i][j] = splat(0);
  i64 row = k / 64 * NF4_BYTES;
  const uint8_t *first = (const uint8_t *)w + bytes_before(NF4, at);
  for (i64 p = 0; p < k; p += 64) {
#pragma GCC unroll 4
    for (int j = 0; j < nr; j++) {
      const uint8_t *block = first + j * row + p / 64 * NF4_BYTES;
      __builtin_prefetch(block + nr * row, 0, 2);
      float scale;
      memcpy(&scale, block, 4);
      vf part[4];
#pragma GCC unroll 4
      for (int i = 0; i < mr; i++) part[i] = splat(0);
#pragma GCC unroll 16
      for (int t = 0; t < 64; t += W) {
        vf code = nf4_codes(nibbles(block + 4 + (t >> 5) * 16 + (t & 15), t >> 4 & 1));
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++) part[i] += ld(x + i * k + p + t) * code;
      }
#pragma GCC unroll 4
      for (int i = 0; i < mr; i++) acc[i][j] += part[i] * scale;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
    for (int j = 0; j < nr; j++)
      out[i * ldo + j] = finished(sum(acc[i][j]), alpha, beta, out[i * ldo + j]);
}

static void nf4_few_rows(
    const float *x, const void *w, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0, i64 n1) {
  i64 j = n0;
  for (; j + 4 <= n1; j += 4) {
    i64 i = 0;
    for (; i + 4 <= m; i += 4) nf4_dots(4, 4, x + i * k, w, j * k, k, out + i * n + j, n, alpha, beta);
    for (; i < m; i++) nf4_dots(1, 4, x + i * k, w, j * k, k, out + i * n + j, n, alpha, beta);
  }
  for (; j < n1; j++)
    for (i64 i = 0; i < m; i++) nf4_dots(1, 1, x + i * k, w, j * k, k, out + i * n + j, n, alpha, beta);
}

INLINE void few_columns(
    const int nr, i64 m, const float *x, const void *w, const int type, i64 at, i64 k, float *out, i64 ldo, float alpha,
    float beta) {
  for (i64 i = 0; i < m; i += 4) {
    const float *xs = x + i * k;
    float *o = out + i * ldo;
    switch (m - i) {
      case 1: dots(1, nr, xs, w, type, at, k, o, ldo, alpha, beta); break;
      case 2: dots(2, nr, xs, w, type, at, k, o, ldo, alpha, beta); break;
      case 3: dots(3, nr, xs, w, type, at, k, o, ldo, alpha, beta); break;
      default: dots(4, nr, xs, w, type, at, k, o, ldo, alpha, beta);
    }
  }
}

INLINE void few_rows_as(
    const float *x, const void *w, const int type, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0,
    i64 n1) {
  i64 j = n0;
  if (m == 1)
    for (; j + 2 * DN <= n1; j += 2 * DN) dots(1, 2 * DN, x, w, type, j * k, k, out + j, n, alpha, beta);
  for (; j + DN <= n1; j += DN) few_columns(DN, m, x, w, type, j * k, k, out + j, n, alpha, beta);
  for (; j < n1; j++) few_columns(1, m, x, w, type, j * k, k, out + j, n, alpha, beta);
}

static void few_rows(
    const float *x, const void *w, int type, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0, i64 n1) {
  if (type == NF4 && k % 64 == 0) {
    nf4_few_rows(x, w, out, m, n, k, alpha, beta, n0, n1);
    return;
  }
#define CALL(T) few_rows_as(x, w, T, out, m, n, k, alpha, beta, n0, n1)
  BY_TYPE(type, CALL)
#undef CALL
}

/* Columns first to last of a; beta goes with the first of all. */
static int product(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 first, i64 last, i64 m0, i64 m1, i64 n0, i64 n1) {
  i64 kc = MIN(KC, last - first), mc = ta == PACKED ? 0 : MIN(MC, m1 - m0);
  float *pa = scratch(kc * mc + kc * NR + 2 * W + 16);
  if (!pa) return 1;
  float *pb = pa + (kc * mc + W + 15) / 16 * 16;
  int one_panel = n1 - n0 <= NR;
  for (i64 k0 = first; k0 < MAX(last, 1); k0 += KC) {
    i64 kb = MIN(KC, last - k0);
    float keep = k0 == 0 ? beta : 1;
    for (i64 i0 = m0; i0 < m1; i0 += MC) {
      i64 mb = MIN(MC, m1 - i0);
      int in_place = ta == 1 && one_panel; /* a is k-major already, and read once */
      for (i64 i = 0; i < mb && !in_place && ta != PACKED; i += MR) {
        i64 mr = MIN(MR, mb - i);
        if (ta) {
          for (i64 p = 0; p < kb; p++) stn(pa + i * kb + p * mr, ldn(a + (k0 + p) * m + i0 + i, mr), mr);
        } else {
          pack_rows(a, F32, (i0 + i) * k + k0, k, mr, mr, kb, pa + i * kb, mr);
        }
      }
      int direct = !tb && type == F32 && mb <= MR;
      for (i64 j = n0; j < n1; j += NR) {
        i64 nb = MIN(NR, n1 - j), width = nb <= W ? W : NR;
        const float *panel = pb;
        i64 ldb = width;
        if (direct && nb == width) {
          panel = (const float *)b + k0 * n + j;
          ldb = n;
        } else if (one_panel && i0 > m0) {
          /* still there */
        } else if (tb) {
          pack_rows(b, type, j * k + k0, k, nb, width, kb, pb, width);
        } else {
          pack_columns(b, type, k0 * n + j, n, nb, width, kb, pb, width);
        }
        panel_t next = panel_behind(type, tb, n, k, k0, last, j, n0, n1, i0 + MC < m1);
        for (i64 i = 0; i < mb; i += MR) {
          i64 mr = MIN(MR, mb - i);
          const float *at = in_place ? a + k0 * m + i0 + i
              : ta == PACKED ? a + packed_at(m, last - first, i0 + i, k0 - first) : pa + i * kb;
          if (next.columns > 0 && panel == pb && mb >= 8 * MR) {
            i64 end = MIN(mb, i + MR);
            prefetch_rows(b, type, next.at, tb ? k : n, next.columns, next.rows * i / mb, next.rows * end / mb);
          }
          tiles[mr][width > W](
              kb, at, in_place ? m : mr, panel, ldb, out + (i0 + i) * n + j, n, nb, alpha, keep);
        }
      }
    }
  }
  swiftk_give(pa);
  return 0;
}

static int matmul(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
#if VB == 64
  if (is_tiled(type) && tb && !ta) return int8_product(type, a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1);
#else
  if (is_tiled(type) && tb && !ta && m <= FEW) {
    tile_rows(type, a, b, out, m, n, k, alpha, beta, n0, n1);
    return 0;
  }
#endif
  if ((m <= FEW || (n <= FEW && !is_tiled(type))) && tb && !ta) {
    few_rows(a + m0 * k, b, type, out + m0 * n, m1 - m0, n, k, alpha, beta, n0, n1);
    return 0;
  }
  return product(a, ta, b, type, tb, out, m, n, k, alpha, beta, 0, k, m0, m1, n0, n1);
}

/* Columns first to last of rows that pack has laid out. */
static int matmul_packed(
    const float *a, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 first,
    i64 last, i64 n0, i64 n1) {
  return product(a, PACKED, b, type, tb, out, m, n, k, alpha, beta, first, last, 0, m, n0, n1);
}
