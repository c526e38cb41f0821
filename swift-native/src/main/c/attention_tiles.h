/* attention.h by the tiles of split.h. Beside float32 weights queries, keys, values and weights of scores have three parts, and
 * six of their nine products are made: what is left out is below 2^-24 of each, as if float32 had rounded it. Beside other
 * weights, which are rounded far more, two parts and three products, within 2^-16.
 *
 * Measured on one core of a Granite Rapids Xeon, 16 heads of 128, 8 of keys, causal GFLOP/s of 512 and of 2048 queries: six
 * products and three, by attention.h 95 and 115. */
#define TILE_QUERIES 128
#define TILE_ROWS (2 * TILE_QUERIES)
/* Keys at a time, a multiple of KB, so that pages divide them. */
#define TILE_KEYS 128

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
INLINE void weigh(const int parts, const attention_t *s, float *p, i64 n, weighed_t *w, char *to) {
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

/* o (16 of rows, n) = keep o + sums. */
INLINE void add_values(const weighed_t *w, const float *sums, float *o, i64 ldo, i64 n) {
#pragma GCC unroll 4
  for (int i = 0; i < 16; i++)
    for (i64 c = 0; c < n; c += W)
      st(o + i * ldo + c, fused(splat(w->keep[i]), ld(o + i * ldo + c), ld(sums + i * NR + c)));
}

INLINE int attention_by_tiles(
    const int parts, const attention_t *s, const float *q, const keys_t *ks, const void *k, const keys_t *vs, const void *v,
    i64 head, i64 count, float *out, float *lse, i64 from, i64 to) {
  const int products = parts == 2 ? THREE_PRODUCTS : SIX_PRODUCTS;
  const i64 kv = head / (s->heads / s->kv_heads), head_dim = s->head_dim, value_dim = s->value_dim;
  const i64 steps = steps_of(head_dim), stride = parts * PART_BYTES, hp = round_up(head_dim, NR), vp = round_up(value_dim, NR);
  const i64 block = steps * LEFT_BYTES, panel = steps * stride, v_panel = steps_of(TILE_KEYS) * stride;
  const i64 q_bytes = TILE_ROWS / 32 * block, k_bytes = TILE_KEYS / NR * panel, v_bytes = vp / NR * v_panel;
  char *left = (char *)scratch((q_bytes + k_bytes + v_bytes + steps_of(TILE_KEYS) * LEFT_BYTES) / 4
      + TILE_KEYS * (hp + vp) + TILE_ROWS * vp + 32 * TILE_KEYS + 32 * NR);
  if (!left) return 1;
  char *right = left + q_bytes, *v_right = right + k_bytes, *weights = v_right + v_bytes;
  float *kc = (float *)(weights + steps_of(TILE_KEYS) * LEFT_BYTES), *vc = kc + TILE_KEYS * hp, *o = vc + TILE_KEYS * vp;
  float *p = o + TILE_ROWS * vp, *sums = p + 32 * TILE_KEYS;
  weighed_t known[TILE_ROWS / 16];
  const unsigned mode = flush();
  use_float_tiles();
  for (i64 q0 = from; q0 < to; q0 += TILE_QUERIES)
    for (i64 h0 = head; h0 < head + count; h0 += 2) {
      /* Rows are the queries of one head, to a multiple of 16, behind those of the other. */
      const i64 nq = MIN(TILE_QUERIES, to - q0), padded = round_up(nq, 16), rows = padded * MIN(2, head + count - h0);
      const i64 position = s->k_length - s->q_length + q0, end = position + nq;
      for (i64 i = 0; i < rows; i += 16) {
        const i64 query = s->q_start + q0 + i % padded;
        split_rows(parts, q + (query * s->heads + h0 + i / padded) * head_dim, 0, s->heads * head_dim, MIN(16, nq - i % padded),
            head_dim, left + i / 32 * block + (i & 16) * 64);
        for (int r = 0; r < 16; r++) known[i / 16].max[r] = -INFINITY, known[i / 16].total[r] = 0;
      }
      memset(o, 0, (size_t)(rows * vp) * 4);
      for (i64 key = s->window ? MAX(0, position - s->window + 1) / TILE_KEYS * TILE_KEYS : 0; key < end; key += TILE_KEYS) {
        const i64 nk = MIN(TILE_KEYS, end - key);
        i64 ld_k, ld_v;
        const float *keys = key_tile(ks, k, key, nk, kv * head_dim, head_dim, 1, kc, &ld_k);
        const float *values = key_tile(vs, v, key, nk, kv * value_dim, value_dim, 1, vc, &ld_v);
        for (i64 j = 0; j < nk; j += NR)
          split_floats(parts, keys + j * ld_k, 1, ld_k, MIN(NR, nk - j), head_dim, right + j / NR * panel);
        for (i64 c = 0; c < value_dim; c += NR)
          split_floats(parts, values + c, 0, ld_v, MIN(NR, value_dim - c), nk, v_right + c / NR * v_panel);
        for (i64 i = 0; i < rows; i += 32) {
          const i64 live = MIN(32, rows - i), at = i % padded;
          const i64 last = at + live > padded ? nq : MIN(nq, at + live), seen = MIN(nk, position + last - key);
          if (seen <= 0) continue;
          for (i64 j = 0; j < seen; j += NR)
            float_tiles[live > 16][1][products](steps, left + i / 32 * block, right + j / NR * panel, stride, p + j, TILE_KEYS);
          for (i64 h = 0; h < live; h += 16) {
            weighed_t *w = known + (i + h) / 16;
            for (int r = 0; r < 16; r++) {
              i64 lo, hi;
              visible(s, q0 + (i + h) % padded + r, key, nk, &lo, &hi);
              w->lo[r] = (int)MIN(lo, TILE_KEYS), w->hi[r] = (int)MAX(hi, 0);
            }
            weigh(parts, s, p + h * TILE_KEYS, round_up(seen, STEP_COLUMNS), w, weights + h * 64);
          }
          for (i64 c = 0; c < value_dim; c += NR) {
            float_tiles[live > 16][1][products](steps_of(seen), weights, v_right + c / NR * v_panel, stride, sums, NR);
            for (i64 h = 0; h < live; h += 16)
              add_values(known + (i + h) / 16, sums + h * NR, o + (i + h) * vp + c, vp, NR);
          }
        }
      }
      for (i64 i = 0; i < rows; i++) {
        if (i % padded >= nq) continue;
        const i64 row = s->q_start + q0 + i % padded, h = h0 + i / padded;
        const weighed_t *w = known + i / 16;
        float *to_row = out + (row * s->heads + h) * value_dim, inverse = (float)(1 / w->total[i % 16]);
        for (i64 c = 0; c < value_dim; c += W) stn(to_row + c, inverse * ld(o + i * vp + c), value_dim - c);
        if (lse) lse[h * s->queries + row] = (float)((double)w->max[i % 16] + log(w->total[i % 16]));
      }
    }
  __asm__ volatile("tilerelease");
  _mm_setcsr(mode);
  swiftk_give(left);
  return 0;
}

static int attention_amx(
    const float *q, const void *k, const void *v, int type, const int32_t *pages, i64 page, i64 heads, i64 kv_heads,
    i64 head_dim, i64 value_dim, i64 window, float scale_, float soft_cap, int exact, i64 queries, i64 q_start,
    i64 q_length, i64 k_start, i64 k_length, i64 head, i64 count, float *out, float *lse, i64 from, i64 to) {
  /* Smaller heads would leave tiles empty. */
  if (q_length <= FEW_QUERIES || head_dim < STEP_COLUMNS || value_dim < STEP_COLUMNS)
    return attention(q, k, v, type, pages, page, heads, kv_heads, head_dim, value_dim, window, scale_, soft_cap, exact,
        queries, q_start, q_length, k_start, k_length, head, count, out, lse, from, to);
  const attention_t s = {heads, kv_heads, head_dim, value_dim, window, queries, q_start, q_length, k_start, k_length, scale_,
    soft_cap};
  const keys_t ks = {pages, page, k_start, kv_heads * head_dim, type, k_length};
  const keys_t vs = {pages, page, k_start, kv_heads * value_dim, type, k_length};
  return exact ? attention_by_tiles(3, &s, q, &ks, k, &vs, v, head, count, out, lse, from, to)
      : attention_by_tiles(2, &s, q, &ks, k, &vs, v, head, count, out, lse, from, to);
}
