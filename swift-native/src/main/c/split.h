/* Products of float32 by tiles of bf16 (AMX-BF16). A float32 is the sum of three bf16: 8 + 8 + 8 bits. Products of such parts
 * are exact in float32 and are added in float32 (Henry, Tang, Heinecke, arXiv 1904.06376). Weights of bf16 have one part and
 * need three products, those of fp16 six, float32 all but the ninth, which is below 2^-32 of the whole. Weights that were
 * rounded to codes are rounded once more, to two parts, which are within 2^-17 of each, and need five. But for these results
 * for dense operands are closer to sums in double precision than those of matmul.h, as sums are shorter: of 16 products, then
 * of these. At the ends of the range tiles differ: numbers below 2^-126 are 0, parts and products, too, so that results below
 * 2^-102 have fewer bits; a product with an infinite operand is NaN, and so may be one that overflows.
 *
 * As in matmul.h a row's result does not depend on the other rows of a batch, but for the choice between here and there.
 *
 * Measured on one core of a Granite Rapids Xeon (bf16 3.2 TFLOP/s, float32 215 GFLOP/s), 512 x 3072 x 1024, weights from
 * memory: bf16 420 - 530 GFLOP/s, float32 200 - 230, by matmul.h 140 - 170. Loads of tiles do not overlap with products: of
 * 806 GFLOP/s that this leaves a loop in the first cache reaches 750.
 */
#define STEP_COLUMNS 32
#define STEP_BYTES 1024
#define FLOAT_PARTS 3
/* Operands are laid out for 32 rows or columns: for each step the first part of both tiles, then the second, the third. */
#define PART_BYTES (2 * STEP_BYTES)
#define LEFT_BYTES (FLOAT_PARTS * PART_BYTES)

/* Weights are laid out in groups that take half of the second cache and stay there for all rows, which are read in blocks. */
#define SPLIT_KC 1024
#define GROUP_BYTES (1 << 20)
#define BLOCK_ROWS 512
#define PANELS 16
#define WIDE_COLUMNS 128

/* Shorter or narrower products leave tiles empty; those of up to FEW rows wait for memory. */
INLINE int splits(i64 m, i64 n, i64 k) { return m > FEW && n > FEW && k >= STEP_COLUMNS; }

INLINE i64 steps_of(i64 k) { return (k + STEP_COLUMNS - 1) / STEP_COLUMNS; }

enum { CUT_OFF, ROUNDED, ROUNDED_FINITE };

/* The upper halves of floats, rounded or not. ROUNDED makes infinities of the largest and may lose a NaN: it is for what an upper
 * half was taken from, which keeps that. */
INLINE __m512i upper_half(const int how, __m512i x) {
  const __m512i half = _mm512_set1_epi32(0x8000);
  if (how == ROUNDED) x = _mm512_add_epi32(x, half);
  if (how == ROUNDED_FINITE)
    x = _mm512_mask_add_epi32(x, _mm512_cmplt_epu32_mask(_mm512_add_epi32(x, x), _mm512_set1_epi32(0xfeff0000)), x, half);
  return _mm512_and_si512(x, _mm512_set1_epi32(-65536));
}

/* A part of 16 pairs of floats, and what is left of these. Of three parts the first is cut off, so that it is finite, and the
 * second is rounded, so that what is left out has any sign; both of two are rounded, so that what is left out is small. */
INLINE __m512i take_part(const int how, __m512 *low, __m512 *high) {
  __m512i l = upper_half(how, _mm512_castps_si512(*low)), h = upper_half(how, _mm512_castps_si512(*high));
  *low -= _mm512_castsi512_ps(l), *high -= _mm512_castsi512_ps(h);
  return _mm512_or_si512(_mm512_srli_epi32(l, 16), h);
}

/* Rows of a tile's left operand: of 32 columns column j is beside column j + 16. */
INLINE void split_row(__m512 low, __m512 high, char *to) {
#pragma GCC unroll 3
  for (int i = 0; i < FLOAT_PARTS; i++) _mm512_store_si512(to + i * PART_BYTES, take_part(i == 1 ? ROUNDED : CUT_OFF, &low, &high));
}

/* Up to 16 rows of a, or columns if ta: left operands of tiles, step by step; rows that are missing are 0. */
INLINE void split_rows(const float *a, const int ta, i64 ld, i64 rows, i64 k, char *to) {
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += LEFT_BYTES)
    if (ta) {
      vf low[16], high[16];
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++) {
        low[i] = p + i < k ? ldn(a + (p + i) * ld, rows) : splat(0);
        high[i] = p + 16 + i < k ? ldn(a + (p + 16 + i) * ld, rows) : splat(0);
      }
      transpose(low);
      transpose(high);
      for (int i = 0; i < 16; i++) split_row((__m512)low[i], (__m512)high[i], to + i * 64);
    } else {
      for (i64 i = 0; i < rows; i++) {
        const float *x = a + i * ld + p;
        __builtin_prefetch(x + 128);
        vf low = ldn(x, k - p), high = k - p > 16 ? ldn(x + 16, k - p - 16) : splat(0);
        split_row((__m512)low, (__m512)high, to + i * 64);
      }
      for (i64 i = rows; i < 16; i++) split_row(_mm512_setzero_ps(), _mm512_setzero_ps(), to + i * 64);
    }
}

/* Right operands of tiles, from a panel of floats, k-major, of k rows that are whole steps, in so many parts. Returns how many of
 * these are not 0 throughout. */
INLINE int split_panel(const int parts, const float *panel, i64 width, i64 k, char *to) {
  __m512i some[FLOAT_PARTS] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += parts * PART_BYTES)
    for (i64 t = 0; t < width; t += 16)
      for (i64 r = 0; r < 16; r++) {
        const float *at = panel + (p + r) * width + t;
        __m512 low = _mm512_loadu_ps(at), high = _mm512_loadu_ps(at + 16 * width);
#pragma GCC unroll 3
        for (int i = 0; i < parts; i++) {
          __m512i part = take_part(i == 1 ? ROUNDED : parts == 2 ? ROUNDED_FINITE : CUT_OFF, &low, &high);
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

/* Numbers that are not normal are 0 for tiles, and splitting them would be slow. */
INLINE unsigned flush(void) {
  unsigned old = _mm_getcsr();
  _mm_setcsr(old | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
  return old;
}

INLINE void use_float_tiles(void) {
  tiles_t t = {.palette = 1};
  for (int i = 0; i < 8; i++) t.bytes[i] = 64, t.rows[i] = 16;
  __asm__ volatile("ldtilecfg %0" : : "m"(t));
}

#define TILE_DOT(sum, x, w) __asm__ volatile("tdpbf16ps %tmm" #w ", %tmm" #x ", %tmm" #sum)

/* Up to two tiles of rows by up to two of columns. */
INLINE void dot_tiles(const int mt, const int nt) {
  TILE_DOT(0, 4, 6);
  if (nt == 2) TILE_DOT(1, 4, 7);
  if (mt == 2) TILE_DOT(2, 5, 6);
  if (mt == 2 && nt == 2) TILE_DOT(3, 5, 7);
}

/* How many parts the weights of a panel have; all but the smallest products of CODE_PARTS, two, and ALL_PARTS, three, are made. */
enum { ONE_PART, TWO_PARTS, CODE_PARTS, ALL_PARTS };

/* Parts of the weights that part i of the rows is multiplied by. */
INLINE int parts_beside(const int parts, const int i) {
  return parts == ONE_PART ? 1 : parts == ALL_PARTS ? (i == 2 ? 2 : 3) : parts == CODE_PARTS && i == 2 ? 1 : 2;
}

/* sums (16 mt, 32) of a block of columns; steps of b lie `stride` apart. Small parts come first, so that sums near the largest
 * float do not overflow on their way; each product has an operand of the one before it, since loads cost half a product. */
INLINE void float_tile(
    const int mt, const int nt, const int parts, i64 steps, const char *a, const char *b, i64 stride, float *sums) {
  __asm__ volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3");
  for (i64 s = 0; s < steps; s++, a += LEFT_BYTES, b += stride) {
    int loaded = -1;
#pragma GCC unroll 3
    for (int i = FLOAT_PARTS - 1; i >= 0; i--) {
      TILE_LOAD(4, a + i * PART_BYTES, 64);
      if (mt == 2) TILE_LOAD(5, a + i * PART_BYTES + STEP_BYTES, 64);
#pragma GCC unroll 3
      for (int c = 0; c < parts_beside(parts, i); c++) {
        const int j = i == 1 ? c : parts_beside(parts, i) - 1 - c;
        if (j != loaded) {
          TILE_LOAD(6, b + j * PART_BYTES, 64);
          if (nt == 2) TILE_LOAD(7, b + j * PART_BYTES + STEP_BYTES, 64);
        }
        loaded = j;
        dot_tiles(mt, nt);
      }
    }
  }
#define SUMS(t, to) __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" : : "r"(to), "r"(128L) : "memory")
  SUMS(0, sums);
  if (nt == 2) SUMS(1, sums + 16);
  if (mt == 2) SUMS(2, sums + 16 * 32);
  if (mt == 2 && nt == 2) SUMS(3, sums + 16 * 32 + 16);
#undef SUMS
}

typedef void (*float_tile_t)(i64, const char *, const char *, i64, float *);
#define FLOAT_TILE(mt, nt, parts) \
  static void float_tile_##mt##nt##parts(i64 steps, const char *a, const char *b, i64 stride, float *sums) { \
    float_tile(mt, nt, parts, steps, a, b, stride, sums); \
  }
#define FLOAT_TILES(mt, nt) \
  FLOAT_TILE(mt, nt, ONE_PART) FLOAT_TILE(mt, nt, TWO_PARTS) FLOAT_TILE(mt, nt, CODE_PARTS) FLOAT_TILE(mt, nt, ALL_PARTS)
FLOAT_TILES(1, 1) FLOAT_TILES(1, 2) FLOAT_TILES(2, 1) FLOAT_TILES(2, 2)
#define FLOAT_NAMES(mt, nt) \
  {float_tile_##mt##nt##ONE_PART, float_tile_##mt##nt##TWO_PARTS, float_tile_##mt##nt##CODE_PARTS, \
      float_tile_##mt##nt##ALL_PARTS}
static const float_tile_t float_tiles[2][2][4] = {
    {FLOAT_NAMES(1, 1), FLOAT_NAMES(1, 2)}, {FLOAT_NAMES(2, 1), FLOAT_NAMES(2, 2)}};

/* Where the left operand of 32 rows begins: blocks of SPLIT_KC columns lie one behind the other. */
INLINE i64 split_at(i64 m, i64 k, i64 row, i64 k0) {
  return LEFT_BYTES * ((m + 31) / 32 * (k0 / STEP_COLUMNS) + row / 32 * steps_of(MIN(SPLIT_KC, k - k0)));
}

/* Left operand of rows i0 to i1, from column k0 on; a is (m,k), or (k,m) if ta. */
INLINE void left_operand(const float *a, const int ta, i64 m, i64 k, i64 i0, i64 i1, i64 k0, i64 kb, char *to) {
  for (i64 i = i0; i < i1; i += 16)
    split_rows(ta ? a + k0 * m + i : a + i * k + k0, ta, ta ? m : k, MIN(16, i1 - i), kb,
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
      float_tiles[i1 - i > 16][j1 - j > 16][parts[p]](steps, rows, right + p * steps * stride, stride, sums);
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
