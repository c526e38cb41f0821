/* Products of float32 by the tiles of parts.h. Weights of bf16 have one part and need three products, those of fp16 six, float32
 * all but the ninth, which is below 2^-32 of the whole. Weights that were rounded to codes are rounded once more, to two parts,
 * which are within 2^-17 of each, and need five. But for these results for dense operands are closer to sums in double precision
 * than those of matmul.h, as sums are shorter: of 16 products, then of these.
 *
 * As in matmul.h a row's result does not depend on the other rows of a batch, but for the choice between here and there.
 *
 * Measured on one core of a Granite Rapids Xeon (bf16 3.2 TFLOP/s, float32 215 GFLOP/s), 512 x 3072 x 1024, weights from
 * memory: bf16 420 - 530 GFLOP/s, float32 220 - 260, by matmul.h 140 - 170. Loads of tiles do not overlap with products: of
 * 806 GFLOP/s that this leaves a loop in the first cache reaches 750. */

/* Weights are laid out in groups that take half of the second cache and stay there for all rows, which are read in blocks. */
#define SPLIT_KC 1024
#define GROUP_BYTES (1 << 20)
#define BLOCK_ROWS 512
#define PANELS 16
#define WIDE_COLUMNS 128

/* Shorter or narrower products leave tiles empty; those of up to FEW rows wait for memory. */
INLINE int splits(i64 m, i64 n, i64 k) { return m > FEW && n > FEW && k >= STEP_COLUMNS; }

/* Right operands from a panel of floats, k-major, of k rows that are whole steps, in so many parts. Returns how many of these are
 * not 0 throughout. */
INLINE int split_panel(const int parts, const float *panel, i64 width, i64 k, char *to) {
  __m512i some[FLOAT_PARTS] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += parts * PART_BYTES)
    for (i64 t = 0; t < width; t += 16)
      for (i64 r = 0; r < 16; r++) {
        const float *at = panel + (p + r) * width + t;
        __m512 low = _mm512_loadu_ps(at), high = _mm512_loadu_ps(at + 16 * width);
#pragma GCC unroll 3
        for (int i = 0; i < parts; i++) {
          __m512i part = take_part(part_of(parts, i), &low, &high);
          some[i] = _mm512_or_si512(some[i], part);
          _mm512_store_si512(to + i * PART_BYTES + t / 16 * STEP_BYTES + r * 64, part);
        }
      }
  return _mm512_test_epi32_mask(some[2], some[2]) ? 3 : _mm512_test_epi32_mask(some[1], some[1]) ? 2 : 1;
}

/* A tile of bf16, of up to 16 rows of w from column p on if tb, otherwise of columns from row p on: one part. */
INLINE void tile_bf16(const uint16_t *w, const int tb, i64 ld, i64 live, i64 n, char *to) {
  vf r[16];
  __mmask32 some = (__mmask32)((1ull << (tb ? n : live)) - 1);
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    __m256i low = _mm256_setzero_si256(), high = low;
    const uint16_t *row = w + i * ld, *other = tb ? row + 16 : row + 16 * ld;
    if (i < (tb ? live : n)) low = _mm256_maskz_loadu_epi16((__mmask16)some, row);
    if (tb ? i < live : i + 16 < n) high = _mm256_maskz_loadu_epi16((__mmask16)(tb ? some >> 16 : some), other);
    r[i] = (vf)_mm512_or_si512(_mm512_cvtepu16_epi32(low), _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
  }
  if (tb) transpose(r);
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) st((float *)(to + i * 64), r[i]);
}

/* Where the left operand of 32 rows begins: blocks of SPLIT_KC columns lie one behind the other. */
INLINE i64 split_at(i64 m, i64 k, i64 row, i64 k0) {
  return LEFT_BYTES * ((m + 31) / 32 * (k0 / STEP_COLUMNS) + row / 32 * steps_of(MIN(SPLIT_KC, k - k0)));
}

/* Left operand of rows i0 to i1, from column k0 on; a is (m,k), or (k,m) if ta. */
INLINE void left_operand(const float *a, const int ta, i64 m, i64 k, i64 i0, i64 i1, i64 k0, i64 kb, char *to) {
  for (i64 i = i0; i < i1; i += 16)
    split_rows(FLOAT_PARTS, ta ? a + k0 * m + i : a + i * k + k0, ta, ta ? m : k, MIN(16, i1 - i), kb,
        to + (i - i0) / 32 * steps_of(kb) * LEFT_BYTES + ((i - i0) & 16) * 64);
}

static i64 packed_amx(i64 m, i64 k) {
  return k < STEP_COLUMNS ? packed(m, k) : (m + 31) / 32 * (LEFT_BYTES / 4) * steps_of(k);
}

static void pack_amx(const float *a, i64 m, i64 k, i64 first, i64 last, float *out, i64 from, i64 to, i64 parts) {
  if (k < STEP_COLUMNS) {
    pack(a, m, k, first, last, out, from, to, parts);
    return;
  }
  unsigned mode = flush();
  i64 blocks = (m + 31) / 32, i0 = blocks * from / parts * 32, i1 = MIN(m, blocks * to / parts * 32);
  for (i64 k0 = first; k0 < last; k0 += SPLIT_KC)
    left_operand(a, 0, m, k, i0, i1, k0, MIN(SPLIT_KC, last - k0), (char *)out + split_at(m, last - first, i0, k0 - first));
  _mm_setcsr(mode);
}

/* Right operands of a group of panels, of bf16, in the order of memory; each panel takes so many bytes. */
static void right_bf16(const uint16_t *w, int tb, i64 n, i64 k, i64 k0, i64 kb, i64 j0, i64 j1, char *to, i64 panel) {
#define TILE_AT(p, j) (to + (j - j0) / 32 * panel + p / STEP_COLUMNS * PART_BYTES + (j - j0) / 16 % 2 * STEP_BYTES)
  for (i64 j = j0; tb && j < j1; j += 16)
    for (i64 p = 0; p < kb; p += STEP_COLUMNS) {
      const uint16_t *from = w + j * k + k0 + p;
      for (i64 r = 32; r < 48; r++) __builtin_prefetch(from + r * k, 0, 2);
      tile_bf16(from, 1, k, MIN(16, j1 - j), MIN(STEP_COLUMNS, kb - p), TILE_AT(p, j));
    }
  for (i64 p = 0; !tb && p < kb; p += STEP_COLUMNS)
    for (i64 j = j0; j < j1; j += 16) {
      const uint16_t *from = w + (k0 + p) * n + j;
      for (i64 r = 32; r < 64 && (j - j0) % 32 == 0; r++) __builtin_prefetch(from + r * n, 0, 2);
      tile_bf16(from, 0, n, MIN(16, j1 - j), MIN(STEP_COLUMNS, kb - p), TILE_AT(p, j));
    }
#undef TILE_AT
}

/* How many parts weights of a type take in memory. */
INLINE int parts_of_type(int type) { return type == BF16 ? 1 : type == F32 || type == F16 ? 3 : 2; }

/* Of other types than bf16 a panel, as floats on its way; returns its kind of parts. */
static int right_floats(
    const void *b, int type, int tb, i64 n, i64 k, i64 k0, i64 kb, i64 j, i64 columns, char *to) {
  float wide[WIDE_COLUMNS * NR + W] __attribute__((aligned(64)));
  i64 width = columns <= W ? W : NR;
  int parts = 1;
  for (i64 p = 0; p < kb; p += WIDE_COLUMNS) {
    i64 count = MIN(WIDE_COLUMNS, kb - p), whole = steps_of(count) * STEP_COLUMNS;
    if (tb) pack_rows(b, type, j * k + k0 + p, k, columns, width, count, wide, width);
    else pack_columns(b, type, (k0 + p) * n + j, n, columns, width, count, wide, width);
    memset(wide + count * width, 0, (size_t)((whole - count) * width) * 4);
    char *at = to + p / STEP_COLUMNS * parts_of_type(type) * PART_BYTES;
    int some = parts_of_type(type) == 2 ? split_panel(2, wide, width, whole, at) : split_panel(3, wide, width, whole, at);
    parts = MAX(parts, some);
  }
  return parts == 1 ? ONE_PART : parts == 3 ? ALL_PARTS : parts_of_type(type) == 2 ? CODE_PARTS : TWO_PARTS;
}

/* Columns j0 to j1 of rows i0 to i1, by a block of columns of rows laid out as `rows` and of weights laid out as `right`. */
static void split_block(
    const char *rows, i64 steps, i64 i0, i64 i1, const char *right, i64 stride, const int *parts, i64 j0, i64 j1,
    float *out, i64 n, float alpha, float keep) {
  float sums[32 * 32] __attribute__((aligned(64)));
  for (i64 i = i0; i < i1; i += 32, rows += steps * LEFT_BYTES)
    for (i64 j = j0, p = 0; j < j1; j += NR, p++) {
      float_tiles[i1 - i > 16][j1 - j > 16][parts[p]](steps, rows, right + p * steps * stride, stride, sums, 32);
      for (i64 r = 0; r < MIN(32, i1 - i); r++)
        for (i64 c = j; c < MIN(j1, j + NR); c += W)
          update(out + (i + r) * n + c, ld(sums + r * 32 + c - j), alpha, keep, j1 - c);
    }
}

/* As product of matmul.h. */
static int split_product(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 first, i64 last, i64 m0, i64 m1, i64 n0, i64 n1) {
  const i64 depth = steps_of(MIN(SPLIT_KC, last - first));
  const i64 stride = parts_of_type(type) * PART_BYTES;
  const i64 block = ta == PACKED ? m1 - m0 : MIN(BLOCK_ROWS, m1 - m0);
  const i64 left = ta == PACKED ? 0 : (block + 31) / 32 * depth * LEFT_BYTES;
  const i64 panels = MIN((n1 - n0 + NR - 1) / NR, MIN(PANELS, MAX(1, GROUP_BYTES / (depth * stride))));
  char *space = (char *)scratch((left + panels * depth * stride) / 4);
  if (!space) return 1;
  char *right = space + left;
  int parts[PANELS];
  unsigned mode = flush();
  use_float_tiles();
  for (i64 k0 = first; k0 < last; k0 += SPLIT_KC) {
    const i64 kb = MIN(SPLIT_KC, last - k0), steps = steps_of(kb);
    for (i64 i0 = m0; i0 < m1; i0 += block) {
      const i64 i1 = MIN(m1, i0 + block);
      const char *rows = ta == PACKED ? (const char *)a + split_at(m, last - first, i0, k0 - first) : space;
      if (ta == 1) left_operand(a, 1, m, k, i0, i1, k0, kb, space);
      if (ta == 0) left_operand(a, 0, m, k, i0, i1, k0, kb, space);
      for (i64 j0 = n0; j0 < n1; j0 += panels * NR) {
        const i64 j1 = MIN(n1, j0 + panels * NR);
        if (type == BF16) right_bf16(b, tb, n, k, k0, kb, j0, j1, right, steps * stride);
        for (i64 j = j0, p = 0; j < j1; j += NR, p++)
          parts[p] = type == BF16 ? ONE_PART
              : right_floats(b, type, tb, n, k, k0, kb, j, MIN(NR, j1 - j), right + p * steps * stride);
        split_block(rows, steps, i0, i1, right, stride, parts, j0, j1, out, n, alpha, k0 == 0 ? beta : 1);
      }
    }
  }
  __asm__ volatile("tilerelease");
  _mm_setcsr(mode);
  swiftk_give(space);
  return 0;
}

static int matmul_amx(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  int codes = is_tiled(type) && tb && !ta;
  if (codes && m1 - m0 >= fewest_of(kind_of(type))) return amx_product(type, a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1);
  if (!codes && splits(m, n, k))
    return split_product(a, ta, b, type, tb, out, m, n, k, alpha, beta, 0, k, m0, m1, n0, n1);
  if (m == 1 && tb && !ta && type <= F16) {
    one_row(a, b, type, out, k, alpha, beta, n0, n1);
    return 0;
  }
  return matmul(a, ta, b, type, tb, out, m, n, k, alpha, beta, m0, m1, n0, n1);
}

static int matmul_packed_amx(
    const float *a, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 first,
    i64 last, i64 n0, i64 n1) {
  if (k < STEP_COLUMNS) return matmul_packed(a, b, type, tb, out, m, n, k, alpha, beta, first, last, n0, n1);
  return split_product(a, PACKED, b, type, tb, out, m, n, k, alpha, beta, first, last, 0, m, n0, n1);
}
