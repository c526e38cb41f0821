/* Weights (n,k) of int8 or int4 in tiles of 16 rows by 32 columns; the tiles of 16 rows lie one behind the other, so that
 * a product with few rows reads memory in one stream. A tile: 16 float16 scales, one for each row, then codes, four columns
 * of all 16 rows in 64 bytes.
 *   Q8   512 bytes of codes: value plus 128
 *   Q4   256 bytes: low halves are columns 0 - 15, high ones 16 - 31, value plus 8
 * Rows and columns are padded to whole tiles with codes of 0. */
#define TR 16
#define TC 32

INLINE int is_tiled(int type) { return type == Q8 || type == Q4; }
INLINE i64 tile_bytes(const int type) { return TR * 2 + (type == Q8 ? 512 : 256); }
INLINE i64 tiles_of(i64 k) { return (k + TC - 1) / TC; }

INLINE uint8_t *tile_at(const int type, const void *w, i64 k, i64 row, i64 column) {
  return (uint8_t *)w + (row / TR * tiles_of(k) + column / TC) * tile_bytes(type);
}

/* Codes j .. j + 3 of the tile's columns and one of its rows; of Q4 those of column j + 16, too. */
INLINE uint8_t *codes_at(const int type, uint8_t *tile, i64 row, int j) {
  return tile + TR * 2 + ((type == Q8 ? j : j & 15) >> 2) * 64 + row % TR * 4;
}

/* W columns from a multiple of W on, of one row, widened. */
INLINE vf ldtile(const void *w, const int type, i64 k, i64 row, i64 column) {
  uint8_t *tile = tile_at(type, w, k, row, column);
  int j = (int)(column % TC);
  const uint8_t *from = codes_at(type, tile, row, j);
  uint8_t bytes[W];
  for (int i = 0; i < W; i += 4) memcpy(bytes + i, from + i * 16, 4);
  vub b;
  memcpy(&b, bytes, sizeof b);
  vi code = __builtin_convertvector(b, vi);
  code = type == Q8 ? code - 128 : (j >= 16 ? code >> 4 : code & 15) - 8;
  uint16_t half;
  memcpy(&half, tile + row % TR * 2, 2);
  return __builtin_convertvector(code, vf) * half_to_float(half);
}

/* W scales from a row on. */
INLINE vf ldscales(const uint8_t *tile, int row) {
  vh h;
  memcpy(&h, tile + row * 2, sizeof h);
  return from_f16(h);
}

/* The 4 dwords of codes W rows hold at columns 4 s .. 4 s + 3. */
INLINE vi ldcodes(const uint8_t *tile, int row, int s) {
  vi v;
  memcpy(&v, tile + TR * 2 + s * 64 + row * 4, sizeof v);
  return v;
}

/* Code i of four in each lane of a register of codes; half chooses low or high ones of Q4. */
INLINE vf code_of(const int type, vi four, const int i, const int half) {
  return __builtin_convertvector(
      type == Q8 ? (four >> (8 * i) & 255) - 128 : (four >> (8 * i + 4 * half) & 15) - 8, vf);
}

/* dst[p * ldd + i] = w(row + i, column + p) for i < pad, p < count; row is a multiple of TR, column one of TC. */
INLINE void pack_tiles_as(
    const int type, const void *w, i64 k, i64 row, i64 rows, i64 column, i64 pad, i64 count, float *dst, i64 ldd) {
  for (i64 i = 0; i < pad; i += W)
    for (i64 p = 0; p < count; p += TC) {
      if (i >= rows) {
        for (i64 j = p; j < MIN(count, p + TC); j++) st(dst + j * ldd + i, splat(0));
        continue;
      }
      const uint8_t *tile = tile_at(type, w, k, row + i, column + p);
      int r = (int)((row + i) % TR);
      vf scale = ldscales(tile, r);
      for (int h = 0; h < (type == Q8 ? 1 : 2); h++)
        for (int s = 0; s < (type == Q8 ? 8 : 4); s++) {
          vi four = ldcodes(tile, r, s);
          float *to = dst + (p + h * 16 + s * 4) * ldd + i;
          i64 left = count - p - h * 16 - s * 4;
#pragma GCC unroll 4
          for (int j = 0; j < 4; j++)
            if (j < left) st(to + j * ldd, code_of(type, four, j, h) * scale);
        }
    }
}

static void pack_tiles(
    int type, const void *w, i64 k, i64 row, i64 rows, i64 column, i64 pad, i64 count, float *dst, i64 ldd) {
  if (type == Q8) pack_tiles_as(Q8, w, k, row, rows, column, pad, count, dst, ldd);
  else pack_tiles_as(Q4, w, k, row, rows, column, pad, count, dst, ldd);
}

#if VB != 64
/* out (mr,W) = alpha x w^T + beta out for W rows of a tile; a tile's products are added before its scales come in. */
INLINE void tile_dots(
    const int mr, const int type, const float *x, const void *w, i64 row, i64 k, float *out, i64 ldo, i64 n, float alpha,
    float beta) {
  vf acc[4];
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) acc[i] = splat(0);
  int r = (int)(row % TR);
  for (i64 p = 0; p < k; p += TC) {
    const uint8_t *tile = tile_at(type, w, k, row, p);
    vf part[4];
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) part[i] = splat(0);
    for (int h = 0; h < (type == Q8 ? 1 : 2); h++)
      for (int s = 0; s < (type == Q8 ? 8 : 4); s++) {
        vi four = ldcodes(tile, r, s);
        i64 at = p + h * 16 + s * 4;
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
          if (at + j >= k) break;
          vf code = code_of(type, four, j, h);
#pragma GCC unroll 4
          for (int i = 0; i < mr; i++) part[i] += splat(x[i * k + at + j]) * code;
        }
      }
    vf scale = ldscales(tile, r);
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) acc[i] += part[i] * scale;
  }
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) {
    vf s = alpha * acc[i];
    float *o = out + i * ldo;
    stn(o, beta == 0 ? s : s + beta * ldn(o, n), n);
  }
}

INLINE void tile_rows_as(
    const int type, const float *x, const void *w, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0,
    i64 n1) {
  for (i64 j = n0; j < n1; j += W) {
    i64 i = 0, live = MIN(W, n1 - j);
    for (; i + 4 <= m; i += 4) tile_dots(4, type, x + i * k, w, j, k, out + i * n + j, n, live, alpha, beta);
    for (; i < m; i++) tile_dots(1, type, x + i * k, w, j, k, out + i * n + j, n, live, alpha, beta);
  }
}

/* x w^T in float32 for few rows of x. */
static void tile_rows(
    int type, const float *x, const void *w, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0, i64 n1) {
  if (type == Q8) tile_rows_as(Q8, x, w, out, m, n, k, alpha, beta, n0, n1);
  else tile_rows_as(Q4, x, w, out, m, n, k, alpha, beta, n0, n1);
}
#endif
