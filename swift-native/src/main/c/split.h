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

/* How part i of so many is taken. */
INLINE int part_of(const int parts, const int i) { return i == 1 ? ROUNDED : parts == 2 ? ROUNDED_FINITE : CUT_OFF; }

/* Rows of a tile's left operand: of 32 columns column j is beside column j + 16. */
INLINE void split_row(const int parts, __m512 low, __m512 high, char *to) {
#pragma GCC unroll 3
  for (int i = 0; i < parts; i++) _mm512_store_si512(to + i * PART_BYTES, take_part(part_of(parts, i), &low, &high));
}

/* 16 vectors at x, ld apart, each beside the one `apart` behind it, or turned what stands in their columns: a tile. Of the first
 * ones `live` are there, of the others `behind`, n and m elements of each; what is missing is 0. Parts gather in `some`. */
INLINE void split_tile(
    const int parts, const int turned, const float *x, i64 ld, i64 apart, i64 live, i64 behind, i64 n, i64 m, char *to,
    __m512i *some) {
  vf low[16], high[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    low[i] = i < live ? ldn(x + i * ld, n) : splat(0);
    high[i] = i < behind && m > 0 ? ldn(x + apart + i * ld, m) : splat(0);
  }
  if (turned) transpose(low), transpose(high);
  for (int i = 0; i < 16; i++) {
    __m512 l = (__m512)low[i], h = (__m512)high[i];
#pragma GCC unroll 3
    for (int j = 0; j < parts; j++) {
      __m512i part = take_part(part_of(parts, j), &l, &h);
      some[j] = _mm512_or_si512(some[j], part);
      _mm512_store_si512(to + j * PART_BYTES + i * 64, part);
    }
  }
}

/* Up to 16 rows of a, or columns if ta: left operands of tiles, step by step; rows that are missing are 0. */
INLINE void split_rows(const int parts, const float *a, const int ta, i64 ld, i64 rows, i64 k, char *to) {
  __m512i some[FLOAT_PARTS] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += LEFT_BYTES)
    if (ta) {
      split_tile(parts, 1, a + p * ld, ld, 16 * ld, k - p, k - p - 16, rows, rows, to, some);
    } else {
      for (i64 i = 0; i < rows; i++) {
        const float *x = a + i * ld + p;
        __builtin_prefetch(x + 128);
        vf low = ldn(x, k - p), high = k - p > 16 ? ldn(x + 16, k - p - 16) : splat(0);
        split_row(parts, (__m512)low, (__m512)high, to + i * 64);
      }
      for (i64 i = rows; i < 16; i++) split_row(parts, _mm512_setzero_ps(), _mm512_setzero_ps(), to + i * 64);
    }
}

INLINE int parts_that_are(const __m512i *some) {
  return _mm512_test_epi32_mask(some[2], some[2]) ? 3 : _mm512_test_epi32_mask(some[1], some[1]) ? 2 : 1;
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
          __m512i part = take_part(part_of(parts, i), &low, &high);
          some[i] = _mm512_or_si512(some[i], part);
          _mm512_store_si512(to + i * PART_BYTES + t / 16 * STEP_BYTES + r * 64, part);
        }
      }
  return parts_that_are(some);
}

/* The same from floats in memory, of up to NR columns from column `at` of k rows of w on, or of so many rows if tb. */
INLINE int split_floats(const int parts, const float *w, const int tb, i64 ld, i64 columns, i64 k, char *to) {
  __m512i some[FLOAT_PARTS] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += parts * PART_BYTES)
    for (i64 t = 0; t < columns; t += 16) {
      const float *x = tb ? w + t * ld + p : w + p * ld + t;
      const i64 across = columns - t, along = k - p;
      for (int i = 0; i < 16; i++) __builtin_prefetch(tb ? x + i * ld + 64 : x + (i + 32) * ld);
      if (tb) split_tile(parts, 1, x, ld, 16, across, across, along, along - 16, to + t / 16 * STEP_BYTES, some);
      else split_tile(parts, 0, x, ld, 16 * ld, along, along - 16, across, across, to + t / 16 * STEP_BYTES, some);
    }
  return parts_that_are(some);
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

/* How many parts the weights of a panel have; all but the smallest products of CODE_PARTS, two, and ALL_PARTS, three, are made.
 * SIX_PRODUCTS are of three parts and three, THREE_PRODUCTS of two and two. */
enum { ONE_PART, TWO_PARTS, CODE_PARTS, ALL_PARTS, SIX_PRODUCTS, THREE_PRODUCTS };

/* Parts of the weights that part i of the rows is multiplied by. */
INLINE int parts_beside(const int parts, const int i) {
  const int all = parts == ONE_PART ? 1 : parts == TWO_PARTS || parts == CODE_PARTS || parts == THREE_PRODUCTS ? 2 : 3;
  const int last = parts == ALL_PARTS || parts == TWO_PARTS ? 3 : parts == THREE_PRODUCTS ? 1 : 2;
  return parts == ONE_PART ? 1 : MAX(0, MIN(all, last - i + 1));
}

/* sums (16 mt, 32), rows of lds, of a block of columns; steps of b lie `stride` apart. Small parts come first, so that sums near the largest
 * float do not overflow on their way; each product has an operand of the one before it, since loads cost half a product. */
INLINE void float_tile(
    const int mt, const int nt, const int parts, i64 steps, const char *a, const char *b, i64 stride, float *sums, i64 lds) {
  __asm__ volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3");
  for (i64 s = 0; s < steps; s++, a += LEFT_BYTES, b += stride) {
    int loaded = -1;
#pragma GCC unroll 3
    for (int i = FLOAT_PARTS - 1; i >= 0; i--) {
      if (parts_beside(parts, i) == 0) continue;
      TILE_LOAD(4, a + i * PART_BYTES, 64);
      if (mt == 2) TILE_LOAD(5, a + i * PART_BYTES + STEP_BYTES, 64);
#pragma GCC unroll 3
      for (int c = 0; c < parts_beside(parts, i); c++) {
        const int j = i == 1 ? c : parts == SIX_PRODUCTS && i == 0 && c < 2 ? c + 1 : parts_beside(parts, i) - 1 - c;
        if (j != loaded) {
          TILE_LOAD(6, b + j * PART_BYTES, 64);
          if (nt == 2) TILE_LOAD(7, b + j * PART_BYTES + STEP_BYTES, 64);
        }
        loaded = j;
        dot_tiles(mt, nt);
      }
    }
  }
#define SUMS(t, to) __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" : : "r"(to), "r"(4 * lds) : "memory")
  SUMS(0, sums);
  if (nt == 2) SUMS(1, sums + 16);
  if (mt == 2) SUMS(2, sums + 16 * lds);
  if (mt == 2 && nt == 2) SUMS(3, sums + 16 * lds + 16);
#undef SUMS
}

typedef void (*float_tile_t)(i64, const char *, const char *, i64, float *, i64);
#define FLOAT_TILE(mt, nt, parts) \
  static void float_tile_##mt##nt##parts(i64 steps, const char *a, const char *b, i64 stride, float *sums, i64 lds) { \
    float_tile(mt, nt, parts, steps, a, b, stride, sums, lds); \
  }
#define FLOAT_TILES(mt, nt) \
  FLOAT_TILE(mt, nt, ONE_PART) FLOAT_TILE(mt, nt, TWO_PARTS) FLOAT_TILE(mt, nt, CODE_PARTS) FLOAT_TILE(mt, nt, ALL_PARTS) \
  FLOAT_TILE(mt, nt, SIX_PRODUCTS) FLOAT_TILE(mt, nt, THREE_PRODUCTS)
FLOAT_TILES(1, 1) FLOAT_TILES(1, 2) FLOAT_TILES(2, 1) FLOAT_TILES(2, 2)
#define FLOAT_NAMES(mt, nt) \
  {float_tile_##mt##nt##ONE_PART, float_tile_##mt##nt##TWO_PARTS, float_tile_##mt##nt##CODE_PARTS, \
      float_tile_##mt##nt##ALL_PARTS, float_tile_##mt##nt##SIX_PRODUCTS, float_tile_##mt##nt##THREE_PRODUCTS}
static const float_tile_t float_tiles[2][2][6] = {
    {FLOAT_NAMES(1, 1), FLOAT_NAMES(1, 2)}, {FLOAT_NAMES(2, 1), FLOAT_NAMES(2, 2)}};

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
  if (type == F32) parts = split_floats(3, (const float *)b + (tb ? j * k + k0 : k0 * n + j), tb, tb ? k : n, columns, kb, to);
  for (i64 p = 0; p < kb && type != F32; p += WIDE_COLUMNS) {
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
