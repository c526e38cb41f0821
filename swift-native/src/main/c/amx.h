/* The products of int8.h by tiles of 16 x 16 sums (AMX-INT8), with the same bits if activations are finite: the sums of 32
 * columns are exact there, too, and go through the first cache to the same operations in float32. Weights are unpacked to
 * signed bytes on their way, once for all rows; a step is four groups, whose sums are multiplied while those of the step
 * before are scaled and added.
 *
 * Measured on one core of a Granite Rapids Xeon (VNNI 845 GOP/s, simple reading 15 GB/s), int8 and int4: 8 rows 13 and 10
 * GB/s, by int8.h 11 and 11; 512 rows 600 and 740 GOP/s, by int8.h 385 and 360. */
#define STEP 4
/* Fewer rows wait for memory, and int8.h keeps up with it: of 8 rows and int4 it reads 11.0 GB/s, tiles 10.1. */
INLINE i64 fewest_of(const int kind) { return kind & (BITS8 | BITS6) ? 5 : 9; }

/* Tiles 0 - 3 are the sums of two groups by two strips, 4 and 5 activations of the groups, 6 and 7 weights of the strips. */
typedef struct { uint8_t palette, start, reserved[14]; uint16_t bytes[16]; uint8_t rows[16]; } tiles_t;

INLINE void use_tiles(int rows) {
  tiles_t t = {.palette = 1};
  for (int i = 0; i < 8; i++) t.bytes[i] = i == 4 || i == 5 ? 32 : 64, t.rows[i] = i < 6 ? rows : 8;
  __asm__ volatile("ldtilecfg %0" : : "m"(t));
}

#define TILE_LOAD(t, from, stride) \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t : : "r"(from), "r"((i64)(stride)) : "memory")
#define TILE_SUMS(t, x, w, from) \
  TILE_LOAD(w, from, 64); \
  __asm__ volatile("tilezero %tmm" #t "\n\ttdpbssd %tmm" #w ", %tmm" #x ", %tmm" #t)
#define TILE_STORE(t, to) __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" : : "r"(to), "r"(64L) : "memory")

/* A group of a strip: 32 columns as signed bytes, scales, and of 8 bits with a zero point what 128 is above it. */
typedef struct { int8_t codes[512]; float scale[16], above[16]; } unpacked_t;

INLINE void unpack_group(const int kind, const uint8_t *tile, const uint8_t *part, unpacked_t *to) {
  const __m512i low = _mm512_set1_epi8(15);
  __m512i zeros = _mm512_set1_epi8((char)middle_of(kind));
  if (kind == (BITS4 | ZERO)) zeros = _mm512_mullo_epi32((__m512i)ldzeros(kind, tile, 0), _mm512_set1_epi32(0x01010101));
#pragma GCC unroll 8
  for (int s = 0; s < 8; s++) {
    if (!(kind & BITS8) && s >= 4) break;
    __m512i c = _mm512_loadu_si512(part + s * 64);
    __m512i first = kind & BITS8 ? c : _mm512_and_si512(c, low);
    if (kind & BITS6) first = with_high(first, part + 256, s);
    _mm512_store_si512(to->codes + s * 64, _mm512_sub_epi8(first, zeros));
    if (!(kind & BITS8)) {
      __m512i second = _mm512_and_si512(_mm512_srli_epi16(c, 4), low);
      if (kind & BITS6) second = with_high(second, part + 320, s);
      _mm512_store_si512(to->codes + 256 + s * 64, _mm512_sub_epi8(second, zeros));
    }
  }
  _mm512_store_ps(to->scale, (__m512)ldscales(tile, 0));
  if (kind == (BITS8 | ZERO))
    _mm512_store_ps(to->above, _mm512_cvtepi32_ps((__m512i)(ldzeros(kind, tile, 0) - 128)));
}

/* Sums of a step, group by group. */
typedef struct { int32_t of[STEP][2][16][16]; } sums_t;

/* acc[a] += the step's sums of row a, as int8_tile has it; scale and start are those of the step's first group, of 16 rows. */
INLINE void add_step(
    const int kind, const int nr, const int a0, const int a1, const sums_t *sums, const unpacked_t *w, i64 apart,
    const float *scale, const int32_t *start, __m512 (*acc)[2]) {
  const int span = span_of(kind);
#pragma GCC unroll 16
  for (int a = a0; a < a1; a++) {
    __m512 part[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
#pragma GCC unroll 4
    for (int u = 0; u < STEP; u++) {
      __m512 xs = _mm512_set1_ps(scale[span == 1 ? u * 16 + a : a]);
#pragma GCC unroll 2
      for (int b = 0; b < nr; b++) {
        __m512 wide = _mm512_cvtepi32_ps(_mm512_load_si512(sums->of[u][b][a])), ws = _mm512_load_ps(w[b * apart + u].scale);
        if (kind == (BITS8 | ZERO)) /* integers below 2^24: exact */
          wide = _mm512_fmadd_ps(
              _mm512_cvtepi32_ps(_mm512_set1_epi32(start[u * 16 + a])), _mm512_load_ps(w[b * apart + u].above), wide);
        if (span == 1) acc[a][b] = _mm512_fmadd_ps(_mm512_mul_ps(wide, ws), xs, acc[a][b]);
        else part[b] = _mm512_fmadd_ps(wide, ws, part[b]);
        if (span != 1 && u == STEP - 1) acc[a][b] = _mm512_fmadd_ps(part[b], xs, acc[a][b]);
      }
    }
  }
}

/* Unpacked weights are those of all groups, made for the rows to come or there from rows before, or of the last two steps if no
 * more rows come: these never leave the first cache. */
enum { KEPT, KEEP, ONCE };

/* A group's weights, unpacked if they are fresh; of groups beyond the last one activations are 0. */
INLINE void fetch_group(const int kind, int parts, i64 g, i64 groups, const uint8_t *w, unpacked_t *to) {
  if (g >= groups) {
    memset(to->scale, 0, sizeof to->scale + sizeof to->above);
    return;
  }
  const uint8_t *tile = w + g / parts * tile_bytes(kind, parts);
  const uint8_t *part = tile + head_bytes(kind) + (g & (parts - 1)) * part_bytes(kind);
  for (i64 i = 0; i < part_bytes(kind); i += 64) __builtin_prefetch(part + i + AHEAD / 2);
  unpack_group(kind, tile, part, to);
}

/* Group u of a step by one strip or two. */
INLINE void sum_group(const int nr, const int u, const int8_t *x, const int8_t *w, i64 apart) {
  if (u & 1) {
    TILE_LOAD(5, x, 32);
    TILE_SUMS(2, 5, 6, w);
    if (nr == 2) { TILE_SUMS(3, 5, 7, w + apart); }
  } else {
    TILE_LOAD(4, x, 32);
    TILE_SUMS(0, 4, 6, w);
    if (nr == 2) { TILE_SUMS(1, 4, 7, w + apart); }
  }
}

INLINE void store_sums(const int nr, const int u, sums_t *to) {
  if (u & 1) {
    TILE_STORE(2, to->of[u][0]);
    if (nr == 2) TILE_STORE(3, to->of[u][1]);
  } else {
    TILE_STORE(0, to->of[u][0]);
    if (nr == 2) TILE_STORE(1, to->of[u][1]);
  }
}

/* Rows from i on, a multiple of 16, by the strips at w, which lie `strip` bytes apart; out has n columns from there on. */
typedef struct {
  int use, parts;
  int8_rows x;
  i64 i, rows, groups, strip, n, ldo;
  const uint8_t *w;
  unpacked_t *to;
  float *out, alpha, beta;
} amx_job;

/* Up to mr rows by nr strips. */
INLINE void amx_tile(const int mr, const int nr, const int kind, const amx_job *job) {
  const int use = job->use, parts = job->parts;
  const int8_rows x = job->x;
  const i64 i = job->i, groups = job->groups, strip = job->strip;
  const uint8_t *w = job->w;
  unpacked_t *to = job->to;
  sums_t sums[2] __attribute__((aligned(64)));
  __m512 acc[16][2];
#pragma GCC unroll 16
  for (int a = 0; a < mr; a++) acc[a][0] = acc[a][1] = _mm512_setzero_ps();
  const int8_t *codes = x.codes + i * x.groups * 32;
  const float *scale = x.scale + i * x.spans;
  const int32_t *start = x.start + i * x.groups;
  const i64 apart = use == ONCE ? 2 * STEP : x.groups;
  for (i64 g = 0; g <= x.groups; g += STEP) {
    unpacked_t *here = to + (use == ONCE ? g & STEP : g), *before = to + (use == ONCE ? (g & STEP) ^ STEP : g - STEP);
    sums_t *now = sums + (g / STEP & 1), *last = sums + ((g / STEP - 1) & 1);
#pragma GCC unroll 4
    for (int u = 0; u < STEP; u++) {
      if (g < x.groups) {
#pragma GCC unroll 2
        for (int b = 0; b < nr && use != KEPT; b++)
          fetch_group(kind, parts, g + u, groups, w + b * strip, here + b * apart + u);
        sum_group(nr, u, codes + (g + u) * 512, here[u].codes, apart * (i64)sizeof(unpacked_t));
      }
      if (g > 0)
        add_step(
            kind, nr, u * mr / STEP, (u + 1) * mr / STEP, last, before, apart,
            scale + (g - STEP) * 16 / span_of(kind), start + (g - STEP) * 16, acc);
      if (g < x.groups && u) store_sums(nr, u - 1, now);
    }
    if (g < x.groups) store_sums(nr, 3, now);
  }
#pragma GCC unroll 16
  for (int a = 0; a < mr; a++)
#pragma GCC unroll 2
    for (int b = 0; b < nr; b++)
      if (a < job->rows && job->n > b * 16)
        finish(job->out + a * job->ldo + b * 16, (vf)acc[a][b], job->alpha, job->beta, job->n - b * 16);
}

INLINE int tile_rows(const int kind, i64 rows) { return rows > 8 || fewest_of(kind) > 8 ? 16 : 8; }

/* A function for each: compilers take three times as long if these are parts of one. */
typedef void (*amx_tile_t)(const amx_job *);
#define AMX_TILE(mr, nr, name, kind) \
  static void amx_##name##_##mr##_##nr(const amx_job *job) { amx_tile(mr, nr, kind, job); }
#define AMX_TILES(mr, name, kind) AMX_TILE(mr, 1, name, kind) AMX_TILE(mr, 2, name, kind)
#define AMX_NAMES(mr, name) {amx_##name##_##mr##_1, amx_##name##_##mr##_2}
AMX_TILES(16, bits4, BITS4) AMX_TILES(16, bits4_zero, BITS4 | ZERO)
AMX_TILES(8, bits8, BITS8) AMX_TILES(16, bits8, BITS8)
AMX_TILES(8, bits8_zero, BITS8 | ZERO) AMX_TILES(16, bits8_zero, BITS8 | ZERO)
AMX_TILES(8, bits6, BITS6) AMX_TILES(16, bits6, BITS6)
static const amx_tile_t amx_tiles[][2][2] = {
    [BITS4] = {{0}, AMX_NAMES(16, bits4)}, [BITS4 | ZERO] = {{0}, AMX_NAMES(16, bits4_zero)},
    [BITS8] = {AMX_NAMES(8, bits8), AMX_NAMES(16, bits8)},
    [BITS8 | ZERO] = {AMX_NAMES(8, bits8_zero), AMX_NAMES(16, bits8_zero)},
    [BITS6] = {AMX_NAMES(8, bits6), AMX_NAMES(16, bits6)}};

INLINE int amx_product_as(
    const int kind, int parts, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  const i64 rows = m1 - m0, groups = tiles_of(k, 1), all = (groups + STEP - 1) / STEP * STEP;
  const i64 strip = tiles_of(k, parts) * tile_bytes(kind, parts), block = rows <= 16 ? 2 : STRIPS;
  const i64 padded = (rows + 15) / 16 * 16, room = block * MAX(all, 2 * STEP) * (i64)(sizeof(unpacked_t) / 4);
  float *space = scratch(room + padded * all * 10);
  if (!space) return 1;
  unpacked_t *unpacked = (unpacked_t *)space;
  float *codes = space + room;
  int8_rows x = {(int8_t *)codes, (int32_t *)(codes + padded * all * 8), codes + padded * all * 9, all, all / span_of(kind)};
  round_rows(kind, 16, a + m0 * k, rows, k, x);
  for (i64 r = rows; r < padded; r++) /* a scale that memory happens to hold may be a slow one, below the normal numbers */
    for (i64 s = 0; s < x.spans; s++) ((float *)x.scale)[(r / 16 * x.spans + s) * 16 + r % 16] = 0;
  const uint8_t *w = (const uint8_t *)b + n0 / TR * strip;
  int tiled = 0;
  for (i64 j0 = n0; j0 < n1; j0 += block * TR)
    for (i64 i = 0; i < rows; i += 16) {
      const i64 live = rows - i, j1 = MIN(n1, j0 + block * TR);
      if (tiled != tile_rows(kind, live)) use_tiles(tiled = tile_rows(kind, live));
      const int use = rows <= 16 ? ONCE : i == 0 ? KEEP : KEPT;
      for (i64 j = j0, s = 0; j < j1; s += 2, j += 2 * TR) {
        const amx_job job = {use, parts, x, i, live, groups, strip, n1 - j, n, w + (j - n0) / TR * strip, unpacked + s * all,
            out + (m0 + i) * n + j, alpha, beta};
        amx_tiles[kind][tiled == 16][j + TR < j1](&job);
      }
    }
  __asm__ volatile("tilerelease");
  swiftk_give(space);
  return 0;
}

TILED_PRODUCT(amx_product)
