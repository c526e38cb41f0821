/* Weights (n,k) of int8, int6 or int4 in tiles of 16 rows by a group of 32, 64 or 128 columns; the tiles of 16 rows lie one behind
 * the other, so that a product with few rows reads memory in one stream. A tile: 16 float16 scales, one for each row, with a
 * zero point 16 bytes of zeros, then for every 32 columns a part with codes, four columns of all 16 rows in 64 bytes. A
 * weight is scale (code - zero).
 *   8 bits   512 bytes to a part; without a zero point 128 is the zero
 *   4 bits   256 bytes: low halves are columns 0 - 15, high ones 16 - 31; without a zero point 8 is the zero
 *   6 bits   384 bytes: the low four bits as above; then the high two of columns 0 - 15 and of 16 - 31, 64 bytes each, where
 *            bits 2 s of a byte belong to column 4 s + its place; 32 is the zero
 * Rows and columns are padded to whole tiles with weights of 0. A type is TILED + kind + 4 log2(parts), or TILED6. */
#define TR 16
#define TC 32
enum { BITS4 = 0, BITS8 = 1, ZERO = 2, BITS6 = 4 };

INLINE int is_tiled(int type) { return type >= TILED; }
INLINE int kind_of(int type) { return type == TILED6 ? BITS6 : type & 3; }
INLINE int parts_of(int type) { return type == TILED6 ? 1 : 1 << ((type - TILED) >> 2); }
INLINE int middle_of(const int kind) { return kind & BITS8 ? 128 : kind & BITS6 ? 32 : 8; }
INLINE i64 head_bytes(const int kind) { return TR * 2 + (kind & ZERO ? TR : 0); }
INLINE i64 part_bytes(const int kind) { return kind & BITS8 ? 512 : kind & BITS6 ? 384 : 256; }
INLINE i64 tile_bytes(const int kind, int parts) { return head_bytes(kind) + parts * part_bytes(kind); }
INLINE i64 tiles_of(i64 k, int parts) { return (k + TC * parts - 1) / (TC * parts); }

INLINE uint8_t *tile_at(const int kind, int parts, const void *w, i64 k, i64 row, i64 column) {
  return (uint8_t *)w + (row / TR * tiles_of(k, parts) + column / (TC * parts)) * tile_bytes(kind, parts);
}

/* Where the codes of the part begin that holds this column of the matrix. */
INLINE uint8_t *part_at(const int kind, int parts, uint8_t *tile, i64 column) {
  return tile + head_bytes(kind) + (column / TC & (parts - 1)) * part_bytes(kind);
}

/* Codes j .. j + 3 of a part's columns and one of its rows; of 4 and 6 bits the low bits, and those of column j + 16, too. */
INLINE uint8_t *codes_at(const int kind, uint8_t *part, i64 row, int j) {
  return part + ((kind & BITS8 ? j : j & 15) >> 2) * 64 + row % TR * 4;
}

/* W columns from a multiple of W on, of one row, widened. */
INLINE vf ldtile(const void *w, const int kind, int parts, i64 k, i64 row, i64 column) {
  uint8_t *tile = tile_at(kind, parts, w, k, row, column);
  int j = (int)(column % TC);
  const uint8_t *from = codes_at(kind, part_at(kind, parts, tile, column), row, j);
  uint8_t bytes[W];
  for (int i = 0; i < W; i += 4) memcpy(bytes + i, from + i * 16, 4);
  vub b;
  memcpy(&b, bytes, sizeof b);
  vi code = __builtin_convertvector(b, vi);
  if (!(kind & BITS8)) code = j >= 16 ? code >> 4 : code & 15;
  if (kind & BITS6)
    for (int i = 0; i < W; i++)
      code[i] |= (tile[head_bytes(kind) + 256 + (j >> 4) * 64 + row % TR * 4 + i % 4] >> ((j + i) / 4 % 4 * 2) & 3) << 4;
  uint16_t half;
  memcpy(&half, tile + row % TR * 2, 2);
  int zero = kind & ZERO ? tile[TR * 2 + row % TR] : middle_of(kind);
  return __builtin_convertvector(code - zero, vf) * half_to_float(half);
}

/* W scales from a row of the tile on. */
INLINE vf ldscales(const uint8_t *tile, int row) {
  vh h;
  memcpy(&h, tile + row * 2, sizeof h);
  return from_f16(h);
}

/* W zeros from a row of the tile on. */
INLINE vi ldzeros(const int kind, const uint8_t *tile, int row) {
  if (!(kind & ZERO)) return middle_of(kind) - (vi){0};
  vub b;
  memcpy(&b, tile + TR * 2 + row, sizeof b);
  return __builtin_convertvector(b, vi);
}

/* A word for each of W rows: their codes of columns 4 t .. 4 t + 3 of a part, one in a byte. */
INLINE vi ldcodes(const int kind, const uint8_t *part, int row, int t) {
  vi v, high;
  memcpy(&v, part + (kind & BITS8 ? t : t & 3) * 64 + row * 4, sizeof v);
  if (kind & BITS8) return v;
  v = v >> (t & 4) & 0x0f0f0f0f;
  if (!(kind & BITS6)) return v;
  memcpy(&high, part + 256 + (t >> 2) * 64 + row * 4, sizeof high);
  return v | (high >> (t & 3) * 2 & 0x03030303) << 4;
}

/* Code i of four in each lane of a register of codes, less its zero. */
INLINE vf code_of(vi four, vi zeros, const int i) {
  return __builtin_convertvector((four >> (8 * i) & 255) - zeros, vf);
}

/* dst[p * ldd + i] = w(row + i, column + p) for i < pad, p < count; row is a multiple of TR, column one of TC. */
INLINE void pack_tiles_as(
    const int kind, int parts, const void *w, i64 k, i64 row, i64 rows, i64 column, i64 pad, i64 count, float *dst,
    i64 ldd) {
  for (i64 i = 0; i < pad; i += W)
    for (i64 p = 0; p < count; p += TC) {
      if (i >= rows) {
        for (i64 j = p; j < MIN(count, p + TC); j++) st(dst + j * ldd + i, splat(0));
        continue;
      }
      uint8_t *tile = tile_at(kind, parts, w, k, row + i, column + p);
      const uint8_t *part = part_at(kind, parts, tile, column + p);
      int r = (int)((row + i) % TR);
      vf scale = ldscales(tile, r);
      vi zeros = ldzeros(kind, tile, r);
#pragma GCC unroll 8
      for (int t = 0; t < 8; t++) {
        vi four = ldcodes(kind, part, r, t);
        float *to = dst + (p + t * 4) * ldd + i;
        i64 left = count - p - t * 4;
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
          if (j < left) st(to + j * ldd, code_of(four, zeros, j) * scale);
      }
    }
}

/* One call for each kind of tile, so that the compiler sees it as a constant; what follows CALL is passed on. */
#define BY_KIND(type, CALL, ...) \
  switch (kind_of(type)) { \
    case BITS4: CALL(BITS4, ##__VA_ARGS__); break; \
    case BITS8: CALL(BITS8, ##__VA_ARGS__); break; \
    case BITS6: CALL(BITS6, ##__VA_ARGS__); break; \
    case BITS4 | ZERO: CALL(BITS4 | ZERO, ##__VA_ARGS__); break; \
    default: CALL(BITS8 | ZERO, ##__VA_ARGS__); \
  }

static void pack_tiles(
    int type, const void *w, i64 k, i64 row, i64 rows, i64 column, i64 pad, i64 count, float *dst, i64 ldd) {
#define CALL(K) pack_tiles_as(K, parts_of(type), w, k, row, rows, column, pad, count, dst, ldd)
  BY_KIND(type, CALL)
#undef CALL
}

#if VB != 64
/* out (mr,W) = alpha x w^T + beta out for W rows of a tile; a tile's products are added before its scales come in. */
INLINE void tile_dots(
    const int mr, const int kind, int parts, const float *x, const void *w, i64 row, i64 k, float *out, i64 ldo, i64 n,
    float alpha, float beta) {
  vf acc[4];
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) acc[i] = splat(0);
  int r = (int)(row % TR);
  for (i64 g = 0; g < k; g += TC * parts) {
    uint8_t *tile = tile_at(kind, parts, w, k, row, g);
    vi zeros = ldzeros(kind, tile, r);
    vf sum[4];
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) sum[i] = splat(0);
    for (i64 p = g; p < MIN(k, g + TC * parts); p += TC) {
      const uint8_t *part = part_at(kind, parts, tile, p);
#pragma GCC unroll 8
      for (int t = 0; t < 8; t++) {
        vi four = ldcodes(kind, part, r, t);
        i64 at = p + t * 4;
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
          if (at + j >= k) break;
          vf code = code_of(four, zeros, j);
#pragma GCC unroll 4
          for (int i = 0; i < mr; i++) sum[i] += splat(x[i * k + at + j]) * code;
        }
      }
    }
    vf scale = ldscales(tile, r);
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) acc[i] += sum[i] * scale;
  }
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) {
    vf s = alpha * acc[i];
    float *o = out + i * ldo;
    stn(o, beta == 0 ? s : s + beta * ldn(o, n), n);
  }
}

INLINE void tile_rows_as(
    const int kind, int parts, const float *x, const void *w, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 n0, i64 n1) {
  for (i64 j = n0; j < n1; j += W) {
    i64 i = 0, live = MIN(W, n1 - j);
    for (; i + 4 <= m; i += 4) tile_dots(4, kind, parts, x + i * k, w, j, k, out + i * n + j, n, live, alpha, beta);
    for (; i < m; i++) tile_dots(1, kind, parts, x + i * k, w, j, k, out + i * n + j, n, live, alpha, beta);
  }
}

/* x w^T in float32 for few rows of x. */
static void tile_rows(
    int type, const float *x, const void *w, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 n0, i64 n1) {
#define CALL(K) tile_rows_as(K, parts_of(type), x, w, out, m, n, k, alpha, beta, n0, n1)
  BY_KIND(type, CALL)
#undef CALL
}
#endif
