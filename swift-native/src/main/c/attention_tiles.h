/* attention.h by the tiles of parts.h. Beside float32 weights queries, keys, values and weights of scores have three parts, and
 * six of their nine products are made: what is left out is below 2^-22 of each and 2^-25 in the mean, as if float32 had rounded
 * it. Beside other weights, which are rounded far more, two parts and three products leave out less than 2^-15, 2^-17 in the
 * mean. What is not finite may reach queries and keys of its tile that do not see it, as 0 of it is NaN.
 *
 * Measured on one core of a Granite Rapids Xeon, 16 heads of 128, 8 of keys, GFLOP/s of 512 and of 2048 causal queries: three
 * products 220 and 260, six 160 and 190, by attention.h 90 and 110; their gradients 200 and 230, 140 and 170, 98 and 115. */
#define TILE_QUERIES 128
#define TILE_ROWS (2 * TILE_QUERIES)
/* Keys at a time, a multiple of KB, so that pages divide them. */
#define TILE_KEYS 128

/* Fewer queries wait for memory, smaller heads leave tiles empty. */
INLINE int tiles_attend(i64 queries, i64 head_dim, i64 value_dim) {
  return queries > FEW_QUERIES && head_dim >= STEP_COLUMNS && value_dim >= STEP_COLUMNS;
}

/* Lane i of one vector: what op makes of the lanes of vector i of 16. */
#define FOLD_ROWS(d, op) \
  _Pragma("GCC unroll 16") for (int i = 0; i < d; i++) { \
    vf a = r[i], b = r[i + d]; \
    r[i] = op(SHUFFLE(a, b, LANES(LOW, d)), SHUFFLE(a, b, LANES(HIGH, d))); \
  }
#define PLUS(a, b) ((a) + (b))
INLINE vf row_sums(vf *r) {
  FOLD_ROWS(8, PLUS) FOLD_ROWS(4, PLUS) FOLD_ROWS(2, PLUS) FOLD_ROWS(1, PLUS)
  return r[0];
}
INLINE vf row_maxima(vf *r) {
  FOLD_ROWS(8, vmax) FOLD_ROWS(4, vmax) FOLD_ROWS(2, vmax) FOLD_ROWS(1, vmax)
  return r[0];
}

/* e^x for x <= 0 where numbers that are not normal are 0, so that of minus infinity is, too; NaN stays. */
INLINE vf weight_below(vf x) {
  const __m512 y = _mm512_max_ps(_mm512_set1_ps(-104), (__m512)x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(y, _mm512_set1_ps(1.44269504088896341f)), _MM_FROUND_TO_NEAREST_INT);
  vf r = (vf)y - (vf)n * 0.693359375f;
  r = r - (vf)n * -2.12194440054690583e-4f;
  return (vf)_mm512_scalef_ps((__m512)(exp_less_1(r) + 1.0f), n);
}

/* Of 16 rows: their largest scores, the sums of their weights, what earlier sums shrink by, which keys of a tile they see. */
typedef struct { float max[16], keep[16]; double total[16]; int lo[16], hi[16]; } weighed_t;

/* Scores of 16 rows, n to each, become weights, the left operand of values. */
INLINE void weigh_as(const int parts, const attention_t *s, float *p, i64 n, weighed_t *w, char *to) {
  const vi lane = {LANES(OTHER, 0)};
  vf r[16];
#pragma GCC unroll 1
  for (int i = 0; i < 16; i++) {
    float *row = p + i * TILE_KEYS;
    int whole = w->lo[i] <= 0 && w->hi[i] >= n;
    r[i] = splat(-INFINITY);
    for (int j = 0; j < n; j += W) {
      vf x = s->scale * ld(row + j);
      if (s->soft_cap > 0) x = s->soft_cap * vtanh(x * (1 / s->soft_cap));
      if (!whole) x = pick((lane + j >= w->lo[i]) & (lane + j < w->hi[i]), x, splat(-INFINITY));
      st(row + j, x);
      r[i] = vmax(r[i], x);
    }
  }
  const vf before = ld(w->max), now = vmax(row_maxima(r), before);
  const vf base = pick(now == -INFINITY, splat(0), now); /* of a row that has seen no key yet */
  float bases[16] __attribute__((aligned(64))), sums[16] __attribute__((aligned(64)));
  st(bases, base);
  st(w->max, now);
  st(w->keep, weight_of(before - base));
#pragma GCC unroll 1
  for (int i = 0; i < 16; i++) {
    const float *row = p + i * TILE_KEYS;
    char *at = to + i * 64;
    r[i] = splat(0);
    for (int j = 0; j < n; j += STEP_COLUMNS, at += LEFT_BYTES) {
      vf low = weight_below(ld(row + j) - bases[i]), high = weight_below(ld(row + j + W) - bases[i]);
      r[i] += low + high;
      split_row(parts, (__m512)low, (__m512)high, at);
    }
  }
  st(sums, row_sums(r));
  for (int i = 0; i < 16; i++) w->total[i] = w->total[i] * (double)w->keep[i] + (double)sums[i];
}

static void weigh(int parts, const attention_t *s, float *p, i64 n, weighed_t *w, char *to) {
  if (parts == 2) weigh_as(2, s, p, n, w, to);
  else weigh_as(3, s, p, n, w, to);
}

/* o (16 of rows, NR) = keep o + sums. */
INLINE void add_values(const weighed_t *w, const float *sums, float *o, i64 ldo) {
#pragma GCC unroll 4
  for (int i = 0; i < 16; i++)
    for (i64 c = 0; c < NR; c += W)
      st(o + i * ldo + c, fused(splat(w->keep[i]), ld(o + i * ldo + c), ld(sums + i * NR + c)));
}

/* Left operands of m rows of k columns, or of m columns of k rows if ta; each 32 take so many bytes. */
static void lay_left(int parts, const float *a, int ta, i64 ld, i64 m, i64 k, char *to, i64 block) {
  for (i64 i = 0; i < m; i += 16)
    split_rows(parts, a + (ta ? i : i * ld), ta, ld, MIN(16, m - i), k, to + i / 32 * block + (i & 16) * 64);
}

/* Right operands of n columns of k rows, or of n rows of k columns if tb. */
static void lay_right(int parts, const float *b, int tb, i64 ld, i64 n, i64 k, char *to, i64 panel) {
  for (i64 j = 0; j < n; j += NR)
    split_columns(parts, b + (tb ? j * ld : j), tb, ld, MIN(NR, n - j), k, to + j / NR * panel);
}

/* Queries of up to two heads, of each to a multiple of 32, beside a tile of keys. Blocks of 32 rows and panels of 32 columns of
 * an operand take so many bytes. */
typedef struct {
  const attention_t *s;
  int parts, products;
  i64 vp, stride, block, k_panel, v_panel;
  char *queries, *keys, *values, *weights;
  float *o, *p, *sums;
  weighed_t known[TILE_ROWS / 16];
} tiled_t;

/* Queries [q, q + live), up to 32 of them in rows from i on, and the keys of the tile that the last of them sees. */
static void attend(tiled_t *t, i64 i, i64 q, i64 live, i64 key, i64 nk, i64 seen) {
  const attention_t *s = t->s;
  for (i64 j = 0; j < seen; j += NR)
    float_tiles[live > 16][1][t->products](steps_of(s->head_dim), t->queries + i / 32 * t->block, t->keys + j / NR * t->k_panel,
        t->stride, t->p + j, TILE_KEYS);
  for (i64 h = 0; h < live; h += 16) {
    weighed_t *w = t->known + (i + h) / 16;
    for (int r = 0; r < 16; r++) {
      i64 lo, hi;
      visible(s, q + h + r, key, nk, &lo, &hi);
      w->lo[r] = (int)MIN(lo, TILE_KEYS), w->hi[r] = (int)MAX(hi, 0);
    }
    weigh(t->parts, s, t->p + h * TILE_KEYS, round_up(seen, STEP_COLUMNS), w, t->weights + h * 64);
  }
  for (i64 c = 0; c < s->value_dim; c += NR) {
    float_tiles[live > 16][1][t->products](
        steps_of(seen), t->weights, t->values + c / NR * t->v_panel, t->stride, t->sums, NR);
    for (i64 h = 0; h < live; h += 16)
      add_values(t->known + (i + h) / 16, t->sums + h * NR, t->o + (i + h) * t->vp + c, t->vp);
  }
}

static void write_values(const tiled_t *t, i64 i, i64 row, i64 head, float *out, float *lse) {
  const attention_t *s = t->s;
  const weighed_t *w = t->known + i / 16;
  const float inverse = (float)(1 / w->total[i % 16]);
  float *to = out + (row * s->heads + head) * s->value_dim;
  for (i64 c = 0; c < s->value_dim; c += W) stn(to + c, inverse * ld(t->o + i * t->vp + c), s->value_dim - c);
  if (lse) lse[head * s->queries + row] = (float)((double)w->max[i % 16] + log(w->total[i % 16]));
}

static int attention_by_tiles(
    int parts, const attention_t *s, const float *q, const keys_t *ks, const void *k, const keys_t *vs, const void *v,
    i64 head, i64 count, float *out, float *lse, i64 from, i64 to) {
  const i64 kv = head / (s->heads / s->kv_heads), hd = s->head_dim, vd = s->value_dim;
  const i64 steps = steps_of(hd), depth = steps_of(TILE_KEYS), hp = round_up(hd, NR), vp = round_up(vd, NR);
  tiled_t t = {.s = s, .parts = parts, .products = parts == 2 ? THREE_PRODUCTS : SIX_PRODUCTS, .vp = vp,
    .stride = parts * PART_BYTES, .block = steps * LEFT_BYTES, .k_panel = steps * parts * PART_BYTES,
    .v_panel = depth * parts * PART_BYTES};
  const i64 q_bytes = TILE_ROWS / 32 * t.block, k_bytes = TILE_KEYS / NR * t.k_panel, v_bytes = vp / NR * t.v_panel;
  t.queries = (char *)scratch((q_bytes + k_bytes + v_bytes + depth * LEFT_BYTES) / 4
      + TILE_KEYS * (hp + vp) + TILE_ROWS * vp + 32 * TILE_KEYS + 32 * NR);
  if (!t.queries) return 1;
  t.keys = t.queries + q_bytes, t.values = t.keys + k_bytes, t.weights = t.values + v_bytes;
  t.o = (float *)(t.weights + depth * LEFT_BYTES), t.p = t.o + TILE_ROWS * vp, t.sums = t.p + 32 * TILE_KEYS;
  float *k_copy = t.sums + 32 * NR, *v_copy = k_copy + TILE_KEYS * hp;
  const unsigned mode = flush();
  use_float_tiles();
  for (i64 q0 = from; q0 < to; q0 += TILE_QUERIES)
    for (i64 h0 = head; h0 < head + count; h0 += 2) {
      const i64 nq = MIN(TILE_QUERIES, to - q0), padded = round_up(nq, 32), group = MIN(2, head + count - h0);
      const i64 row = s->q_start + q0, position = s->k_length - s->q_length + q0;
      const i64 end = MIN(s->k_length, round_up(position + nq, STEP_COLUMNS)); /* whatever the size of the block */
      const i64 first = s->window ? MAX(0, position - s->window + 1) / TILE_KEYS * TILE_KEYS : 0;
      for (i64 g = 0; g < group; g++)
        lay_left(parts, q + (row * s->heads + h0 + g) * hd, 0, s->heads * hd, nq, hd, t.queries + g * padded / 32 * t.block,
            t.block);
      for (i64 i = 0; i < group * padded; i++) t.known[i / 16].max[i % 16] = -INFINITY, t.known[i / 16].total[i % 16] = 0;
      memset(t.o, 0, (size_t)(group * padded * vp) * 4);
      for (i64 key = first; key < end; key += TILE_KEYS) {
        const i64 nk = MIN(TILE_KEYS, end - key);
        i64 ld_k, ld_v;
        const float *keys = key_tile(ks, k, key, nk, kv * hd, hd, 1, k_copy, &ld_k);
        const float *values = key_tile(vs, v, key, nk, kv * vd, vd, 1, v_copy, &ld_v);
        lay_right(parts, keys, 1, ld_k, nk, hd, t.keys, t.k_panel);
        lay_right(parts, values, 0, ld_v, vd, nk, t.values, t.v_panel);
        for (i64 i = 0; i < group * padded; i += 32) {
          const i64 at = i % padded, live = MIN(32, nq - at), seen = MIN(nk, position + at + live - key);
          if (seen <= 0 || (s->window && position + at - s->window >= key + nk - 1)) continue;
          attend(&t, i, q0 + at, live, key, nk, seen);
        }
      }
      for (i64 g = 0; g < group; g++)
        for (i64 i = 0; i < nq; i++) write_values(&t, g * padded + i, row + i, h0 + g, out, lse);
    }
  __asm__ volatile("tilerelease");
  _mm_setcsr(mode);
  swiftk_give(t.queries);
  return 0;
}

static int attention_amx(
    const float *q, const void *k, const void *v, int type, const int32_t *pages, i64 page, i64 heads, i64 kv_heads,
    i64 head_dim, i64 value_dim, i64 window, float scale_, float soft_cap, int exact, i64 queries, i64 q_start,
    i64 q_length, i64 k_start, i64 k_length, i64 head, i64 count, float *out, float *lse, i64 from, i64 to) {
  if (!tiles_attend(q_length, head_dim, value_dim))
    return attention(q, k, v, type, pages, page, heads, kv_heads, head_dim, value_dim, window, scale_, soft_cap, exact,
        queries, q_start, q_length, k_start, k_length, head, count, out, lse, from, to);
  const attention_t s = {heads, kv_heads, head_dim, value_dim, window, queries, q_start, q_length, k_start, k_length, scale_,
    soft_cap};
  const keys_t ks = {pages, page, k_start, kv_heads * head_dim, type, k_length};
  const keys_t vs = {pages, page, k_start, kv_heads * value_dim, type, k_length};
  return attention_by_tiles(exact ? 3 : 2, &s, q, &ks, k, &vs, v, head, count, out, lse, from, to);
}
