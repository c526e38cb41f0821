/* Numbers in parts of bf16, laid out as operands of tiles, and the products of these (AMX-BF16). A float32 is the sum of three
 * bf16: 8 + 8 + 8 bits. Products of such parts are exact in float32 and are added in float32 (Henry, Tang, Heinecke, arXiv
 * 1904.06376). At the ends of the range tiles differ: numbers below 2^-126 are 0, parts and products, too, so that results below
 * 2^-102 have fewer bits; a product with an infinite operand is NaN, and so may be one that overflows. */
#define STEP_COLUMNS 32
#define STEP_BYTES 1024
#define FLOAT_PARTS 3
/* Operands are laid out for 32 rows or columns: for each step the first part of both tiles, then the second, the third. */
#define PART_BYTES (2 * STEP_BYTES)
#define LEFT_BYTES (FLOAT_PARTS * PART_BYTES)

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
 * ones `live` are there, of the others `behind`, n and m elements of each; what is missing is 0. */
INLINE void split_tile_as(
    const int parts, const int turned, const float *x, i64 ld, i64 apart, i64 live, i64 behind, i64 n, i64 m, char *to) {
  vf low[16], high[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    low[i] = i < live ? ldn(x + i * ld, n) : splat(0);
    high[i] = i < behind && m > 0 ? ldn(x + apart + i * ld, m) : splat(0);
  }
  if (turned) transpose(low), transpose(high);
  for (int i = 0; i < 16; i++) split_row(parts, (__m512)low[i], (__m512)high[i], to + i * 64);
}

/* A function for each, which keeps compilers from making one of every call. */
#define SPLIT_TILE(parts, turned) \
  static __attribute__((noinline)) void split_tile_##parts##turned( \
      const float *x, i64 ld, i64 apart, i64 live, i64 behind, i64 n, i64 m, char *to) { \
    split_tile_as(parts, turned, x, ld, apart, live, behind, n, m, to); \
  }
SPLIT_TILE(2, 0) SPLIT_TILE(2, 1) SPLIT_TILE(3, 0) SPLIT_TILE(3, 1)

static void split_tile(
    int parts, int turned, const float *x, i64 ld, i64 apart, i64 live, i64 behind, i64 n, i64 m, char *to) {
  if (parts == 2) (turned ? split_tile_21 : split_tile_20)(x, ld, apart, live, behind, n, m, to);
  else (turned ? split_tile_31 : split_tile_30)(x, ld, apart, live, behind, n, m, to);
}

INLINE void split_straight(const int parts, const float *x, i64 ld, i64 rows, i64 k, char *to) {
  for (i64 i = 0; i < rows; i++, x += ld) {
    __builtin_prefetch(x + 128);
    vf low = ldn(x, k), high = k > 16 ? ldn(x + 16, k - 16) : splat(0);
    split_row(parts, (__m512)low, (__m512)high, to + i * 64);
  }
  for (i64 i = rows; i < 16; i++) split_row(parts, _mm512_setzero_ps(), _mm512_setzero_ps(), to + i * 64);
}

/* Up to 16 rows of a, or columns if ta: left operands of tiles, step by step; rows that are missing are 0. */
static void split_rows(int parts, const float *a, int ta, i64 ld, i64 rows, i64 k, char *to) {
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += LEFT_BYTES)
    if (ta) split_tile(parts, 1, a + p * ld, ld, 16 * ld, k - p, k - p - 16, rows, rows, to);
    else if (parts == 2) split_straight(2, a + p, ld, rows, k - p, to);
    else split_straight(3, a + p, ld, rows, k - p, to);
}

/* Right operands of up to NR columns of k rows of w, or of so many rows if tb. */
static void split_columns(int parts, const float *w, int tb, i64 ld, i64 columns, i64 k, char *to) {
  for (i64 p = 0; p < k; p += STEP_COLUMNS, to += parts * PART_BYTES)
    for (i64 t = 0; t < columns; t += 16) {
      const float *x = tb ? w + t * ld + p : w + p * ld + t;
      const i64 across = columns - t, along = k - p;
      for (int i = 0; i < 16; i++) __builtin_prefetch(tb ? x + i * ld + 64 : x + (i + 32) * ld);
      if (tb) split_tile(parts, 1, x, ld, 16, across, across, along, along - 16, to + t / 16 * STEP_BYTES);
      else split_tile(parts, 0, x, ld, 16 * ld, along, along - 16, across, across, to + t / 16 * STEP_BYTES);
    }
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

/* How many parts the right operand has; of CODE_PARTS, two, and ALL_PARTS, three, all products with the three parts of the left one
 * are made but the smallest. SIX_PRODUCTS are of three parts and three, THREE_PRODUCTS of two and two. */
enum { ONE_PART, TWO_PARTS, CODE_PARTS, ALL_PARTS, SIX_PRODUCTS, THREE_PRODUCTS };

/* Parts of the right operand that part i of the left one is multiplied by. */
INLINE int parts_beside(const int parts, const int i) {
  const int all = parts == ONE_PART ? 1 : parts == TWO_PARTS || parts == CODE_PARTS || parts == THREE_PRODUCTS ? 2 : 3;
  const int last = parts == ALL_PARTS || parts == TWO_PARTS ? 3 : parts == THREE_PRODUCTS ? 1 : 2;
  return parts == ONE_PART ? 1 : MAX(0, MIN(all, last - i + 1));
}

INLINE void fetch_tiles(const int n, const char *from) {
#pragma GCC unroll 32
  for (int l = 0; l < n * 16; l++) __builtin_prefetch(from + l * 64);
}

/* sums (16 mt, 32), lds apart, of a block of columns; steps of b lie `stride` apart. Small parts come first, so that sums near the
 * largest float do not overflow on their way; each product has an operand of the one before it, since loads cost half a product.
 * Parts of the next step are called into the first cache, where products leave time for it: 6 % of float32. */
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
        if (parts == ONE_PART) continue;
        if (c == 0) fetch_tiles(mt, a + LEFT_BYTES + i * PART_BYTES);
        if (i == 0) fetch_tiles(nt, b + stride + j * PART_BYTES);
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
