/* The products of int8.h by tiles of 16 x 16 sums (AMX-INT8), with the same bits: the sums of 32 columns are exact there, too,
 * and go through the first cache to the same operations in float32. Weights are unpacked to signed bytes on their way, once
 * for all rows; a step is four groups, whose sums are multiplied while those of the step before are scaled and added. */
#define STEP 4
/* Fewer rows wait for memory either way. */
#define FEWEST 4
/* Fresh weights are called so many bytes before their turn. */
#define AHEAD 1024

/* Tiles 0 - 3 are sums of the groups of a step, 4 and 5 activations, 6 and 7 weights. */
typedef struct { uint8_t palette, start, reserved[14]; uint16_t bytes[16]; uint8_t rows[16]; } tiles_t;

INLINE void use_tiles(int rows) {
  tiles_t t = {.palette = 1};
  for (int i = 0; i < 8; i++) t.bytes[i] = i == 4 || i == 5 ? 32 : 64, t.rows[i] = i < 6 ? rows : 8;
  __asm__ volatile("ldtilecfg %0" : : "m"(t));
}

#define TILE_SUMS(t, a, b, x, w) \
  __asm__ volatile("tileloadd (%0,%2,1), %%tmm" #a "\n\ttileloadd (%1,%3,1), %%tmm" #b "\n\ttilezero %%tmm" #t \
      "\n\ttdpbssd %%tmm" #b ", %%tmm" #a ", %%tmm" #t : : "r"(x), "r"(w), "r"(32L), "r"(64L) : "memory")
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
typedef struct { int32_t of[STEP][16][16]; } sums_t;

/* acc[a] += the step's sums of row a, as int8_tile has it; scale and start are those of the step's first group, 16 rows each. */
INLINE void add_step(
    const int kind, const int a0, const int a1, const sums_t *sums, const unpacked_t *w, const float *scale,
    const int32_t *start, __m512 *acc) {
  __m512 ws[STEP];
#pragma GCC unroll 4
  for (int u = 0; u < STEP; u++) ws[u] = _mm512_load_ps(w[u].scale);
#pragma GCC unroll 16
  for (int a = a0; a < a1; a++) {
    __m512 part = _mm512_setzero_ps();
#pragma GCC unroll 4
    for (int u = 0; u < STEP; u++) {
      __m512 wide = _mm512_cvtepi32_ps(_mm512_load_si512(sums->of[u][a]));
      if (kind == (BITS8 | ZERO)) /* integers below 2^24: exact */
        wide = _mm512_fmadd_ps(
            _mm512_cvtepi32_ps(_mm512_set1_epi32(start[u * 16 + a])), _mm512_load_ps(w[u].above), wide);
      if (span_of(kind) == 1)
        acc[a] = _mm512_fmadd_ps(_mm512_mul_ps(wide, ws[u]), _mm512_set1_ps(scale[u * 16 + a]), acc[a]);
      else
        part = _mm512_fmadd_ps(wide, ws[u], part);
    }
    if (span_of(kind) != 1) acc[a] = _mm512_fmadd_ps(part, _mm512_set1_ps(scale[a]), acc[a]);
  }
}

/* Group u of a step, whose weights are unpacked first if they are fresh; of groups beyond the last one activations are 0. */
INLINE void sum_group(
    const int kind, const int fresh, const int u, int parts, i64 g, i64 groups, const uint8_t *w, unpacked_t *to,
    const int8_t *codes) {
  if (fresh && g >= groups) {
    memset(to->scale, 0, sizeof to->scale + sizeof to->above);
  } else if (fresh) {
    const uint8_t *tile = w + g / parts * tile_bytes(kind, parts);
    const uint8_t *part = tile + head_bytes(kind) + (g & (parts - 1)) * part_bytes(kind);
    for (i64 i = 0; i < part_bytes(kind); i += 64) __builtin_prefetch(part + i + AHEAD);
    unpack_group(kind, tile, part, to);
  }
  switch (u) {
    case 0: TILE_SUMS(0, 4, 6, codes, to->codes); break;
    case 1: TILE_SUMS(1, 5, 7, codes, to->codes); break;
    case 2: TILE_SUMS(2, 4, 6, codes, to->codes); break;
    default: TILE_SUMS(3, 5, 7, codes, to->codes);
  }
}

INLINE void store_sums(const int u, int32_t (*to)[16][16]) {
  switch (u) {
    case 0: TILE_STORE(0, to[0]); break;
    case 1: TILE_STORE(1, to[1]); break;
    case 2: TILE_STORE(2, to[2]); break;
    default: TILE_STORE(3, to[3]);
  }
}

/* out (live, 16): up to mr rows from i on, a multiple of 16, by a strip of tiles. */
INLINE void amx_tile(
    const int mr, const int kind, const int fresh, int parts, int8_rows x, i64 i, i64 groups, const uint8_t *w,
    unpacked_t *to, float *out, i64 rows, i64 ldo, i64 n, float alpha, float beta) {
  sums_t sums[2] __attribute__((aligned(64)));
  __m512 acc[16];
#pragma GCC unroll 16
  for (int a = 0; a < mr; a++) acc[a] = _mm512_setzero_ps();
  const int8_t *codes = x.codes + i * x.groups * 32;
  const float *scale = x.scale + i * x.spans;
  const int32_t *start = x.start + i * x.groups;
  const i64 scales = STEP * 16 / span_of(kind);
#pragma GCC unroll 4
  for (int u = 0; u < STEP; u++) sum_group(kind, fresh, u, parts, u, groups, w, to + u, codes + u * 512);
#pragma GCC unroll 4
  for (int u = 0; u < STEP; u++) store_sums(u, sums[0].of);
  i64 g = STEP;
  for (; g < x.groups; g += STEP) {
    sums_t *now = sums + (g / STEP & 1), *last = sums + ((g / STEP - 1) & 1);
#pragma GCC unroll 4
    for (int u = 0; u < STEP; u++) {
      sum_group(kind, fresh, u, parts, g + u, groups, w, to + g + u, codes + (g + u) * 512);
      add_step(kind, u * mr / STEP, (u + 1) * mr / STEP, last, to + g - STEP, scale, start, acc);
      if (u) store_sums(u - 1, now->of);
    }
    store_sums(3, now->of);
    scale += scales, start += STEP * 16;
  }
  add_step(kind, 0, mr, sums + ((g / STEP - 1) & 1), to + g - STEP, scale, start, acc);
#pragma GCC unroll 16
  for (int a = 0; a < mr; a++)
    if (a < rows) finish(out + a * ldo, (vf)acc[a], alpha, beta, n);
}

INLINE void amx_strip(
    const int kind, const int fresh, int parts, int8_rows x, i64 i, i64 rows, i64 groups, const uint8_t *w,
    unpacked_t *to, float *out, i64 ldo, i64 n, float alpha, float beta) {
  if (rows > 8) amx_tile(16, kind, fresh, parts, x, i, groups, w, to, out, rows, ldo, n, alpha, beta);
  else amx_tile(8, kind, fresh, parts, x, i, groups, w, to, out, rows, ldo, n, alpha, beta);
}

INLINE int amx_product_as(
    const int kind, int parts, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  const i64 rows = m1 - m0, groups = tiles_of(k, 1), all = (groups + STEP - 1) / STEP * STEP;
  const i64 strip = tiles_of(k, parts) * tile_bytes(kind, parts), block = rows <= 16 ? 1 : STRIPS;
  const i64 padded = (rows + 15) / 16 * 16, room = block * all * (i64)(sizeof(unpacked_t) / 4);
  float *space = scratch(room + padded * all * 10);
  if (!space) return 1;
  unpacked_t *unpacked = (unpacked_t *)space;
  float *codes = space + room;
  int8_rows x = {(int8_t *)codes, (int32_t *)(codes + padded * all * 8), codes + padded * all * 9, all, all / span_of(kind)};
  round_rows(kind, 16, a + m0 * k, rows, k, x);
  const uint8_t *w = (const uint8_t *)b + n0 / TR * strip;
  int tiled = 0;
  for (i64 j0 = n0; j0 < n1; j0 += block * TR)
    for (i64 i = 0; i < rows; i += 16) {
      i64 live = rows - i;
      if (tiled != (live > 8 ? 16 : 8)) use_tiles(tiled = live > 8 ? 16 : 8);
      for (i64 j = j0, s = 0; j < MIN(n1, j0 + block * TR); j += TR, s++) {
        float *o = out + (m0 + i) * n + j;
        const uint8_t *from = w + (j - n0) / TR * strip;
        if (i == 0)
          amx_strip(kind, 1, parts, x, i, live, groups, from, unpacked + s * all, o, n, n1 - j, alpha, beta);
        else
          amx_strip(kind, 0, parts, x, i, live, groups, from, unpacked + s * all, o, n, n1 - j, alpha, beta);
      }
    }
  __asm__ volatile("tilerelease");
  swiftk_give(space);
  return 0;
}

static int amx_product(
    int type, const float *a, const void *b, float *out, i64 m, i64 n, i64 k, float alpha, float beta, i64 m0, i64 m1,
    i64 n0, i64 n1) {
#define CALL(K) return amx_product_as(K, parts_of(type), a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1)
  BY_KIND(type, CALL)
#undef CALL
}

static int matmul_amx(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 m0, i64 m1, i64 n0, i64 n1) {
  if (is_tiled(type) && tb && !ta && m1 - m0 >= FEWEST)
    return amx_product(type, a, b, out, m, n, k, alpha, beta, m0, m1, n0, n1);
  return matmul(a, ta, b, type, tb, out, m, n, k, alpha, beta, m0, m1, n0, n1);
}
