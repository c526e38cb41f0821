/* Causal attention in tiles (FlashAttention-2, arXiv 2307.08691): scores of QB queries by KB keys exist at a time. Key
 * tiles start at multiples of KB, so that a row's result does not depend on which queries share its tile. */
#define QB 64
#define ROWS (2 * QB)  /* of scores: queries of more than one head that share their keys */
#define ROWS_P (ROWS + 16) /* with room for the last vector of a head */

/* c (m,n) = alpha a b + keep c with a[p * lda + i], b[p * ldb + j] in padded scratch. */
static void multiply(
    i64 m, i64 n, i64 k, const float *a, i64 lda, const float *b, i64 ldb, float *c, i64 ldc, float alpha, float keep) {
  for (i64 j = 0; j < n; j += NR)
    for (i64 i = 0; i < m; i += MR)
      tiles[MIN(MR, m - i)][n - j > W](
          k, a + i, lda, b + j, ldb, c + i * ldc + j, ldc, MIN(NR, n - j), alpha, keep);
}

/* c (m,n) += p b for scores p (m,KB); the same for scores alone is multiply. */
static void add_scores(i64 m, i64 n, i64 k, const float *p, const float *b, i64 ldb, float *c, i64 ldc) {
  for (i64 j = 0; j < n; j += NR)
    tiles[m][2 + (n - j > W)](k, p, 0, b + j, ldb, c + j, ldc, MIN(NR, n - j), 1, 1);
}

INLINE i64 round_up(i64 n, i64 to) { return (n + to - 1) / to * to; }

/* Rows of b as they are if whole panels can be read from them, else a padded copy. */
INLINE const float *rows_of(const float *b, i64 ldb, i64 rows, i64 columns, float *copy, i64 *ld) {
  if (columns % NR == 0) {
    *ld = ldb;
    return b;
  }
  *ld = round_up(columns, NR);
  pack_columns(b, F32, 0, ldb, columns, *ld, rows, copy, *ld);
  return copy;
}

/* The keys [lo, hi) of a tile of nk from `key` on that a query sees: none if hi <= lo, which may lie outside of it. */
INLINE void visible(const attention_t *s, i64 q, i64 key, i64 nk, i64 *lo, i64 *hi) {
  i64 position = s->k_length - s->q_length + q;
  *hi = MIN(nk, position - key + 1);
  *lo = s->window ? MAX(0, position - s->window + 1 - key) : 0;
}

INLINE void cap(float *x, i64 n, float c) {
  for (i64 j = 0; j < n; j += W) stn(x + j, c * vtanh(ldn(x + j, n - j) * (1 / c)), n - j);
}

/* Where the keys of a cached sequence lie: key j in row pages[j / page] * page + j % page, page divides KB; without
 * pages in row start + j. Rows are `width` elements of `type`. */
typedef struct {
  const int32_t *pages;
  i64 page, start, width;
  int type;
  i64 length;
} keys_t;

/* Keys that are asked for before they are copied. */
#define KEYS_AHEAD 16

INLINE i64 key_row(const keys_t *s, i64 key) {
  return s->pages ? s->pages[key / s->page] * s->page + key % s->page : s->start + key;
}

/* Asks for a part of some keys that are copied next: rows of one head lie far apart, which no processor foresees. */
static void fetch_keys(const keys_t *s, const void *x, i64 key, i64 n, i64 column, i64 dim) {
  if (key >= s->length) return;
  i64 row = key_row(s, key);
  for (i64 j = 0; j < MIN(n, s->length - key); j++) {
    i64 at = (row + j) * s->width + column;
    const char *first = (const char *)x + bytes_before(s->type, at), *end = (const char *)x + bytes_before(s->type, at + dim);
    for (; first < end; first += 64) __builtin_prefetch(first);
    __builtin_prefetch(end - 1);
  }
}

/* Columns [column, column + dim) of n keys from a multiple of KB on: where they are if one row follows the other, they
 * are float32 and dim is a multiple of `whole`; else a copy, padded with zeros to that multiple. */
static const float *key_tile(
    const keys_t *s, const void *x, i64 key, i64 n, i64 column, i64 dim, i64 whole, float *copy, i64 *ld) {
  i64 first = key_row(s, key), run = s->pages ? s->page : n;
  int straight = s->type == F32 && dim % whole == 0;
  for (i64 j = run; j < n && straight; j += run) straight = key_row(s, key + j) == first + j;
  if (straight) {
    *ld = s->width;
    return (const float *)x + first * s->width + column;
  }
  *ld = round_up(dim, NR);
  run = MIN(run, KEYS_AHEAD);
  for (i64 j = 0; j < n; j += run) {
    fetch_keys(s, x, key + j + run, run, column, dim);
    pack_columns(x, s->type, key_row(s, key + j) * s->width + column, s->width, dim, *ld, MIN(run, n - j),
        copy + j * *ld, *ld);
  }
  return copy;
}

/* Rows of one head lie a page apart, which no processor foresees. */
INLINE void fetch_row(const float *x, i64 n) {
  for (i64 i = 0; i < n; i += 16) __builtin_prefetch(x + i, 0, 2);
}

/* o (nr rows of nv vectors) += p (nr,KB) by v (rows,ldv): as multiply has it, but for one or two queries, along the rows. */
INLINE void add_rows(
    const int nr, const int nv, const float *p, const float *v, i64 ldv, i64 rows, float *o, i64 ldo) {
  vf acc[2][8];
#pragma GCC unroll 2
  for (int i = 0; i < nr; i++)
#pragma GCC unroll 8
    for (int a = 0; a < nv; a++) acc[i][a] = splat(0);
  for (i64 j = 0; j < rows; j++) {
    if (j + 16 < rows) fetch_row(v + (j + 16) * ldv, nv * W);
    vf x[2];
#pragma GCC unroll 2
    for (int i = 0; i < nr; i++) x[i] = splat(p[i * KB + j]);
#pragma GCC unroll 8
    for (int a = 0; a < nv; a++) {
      vf y = ld(v + j * ldv + a * W);
#pragma GCC unroll 2
      for (int i = 0; i < nr; i++) acc[i][a] += x[i] * y;
    }
  }
#pragma GCC unroll 2
  for (int i = 0; i < nr; i++)
#pragma GCC unroll 8
    for (int a = 0; a < nv; a++) st(o + i * ldo + a * W, acc[i][a] + ld(o + i * ldo + a * W));
}

/* Vectors of two rows that the registers hold. */
#define PAIR_VECTORS (VB == 64 ? 8 : 4)

static void add_few(const float *p, i64 nr, const float *v, i64 ldv, i64 rows, i64 dim, float *o, i64 ldo) {
  i64 c = 0, step = PAIR_VECTORS * W;
  for (; c + step <= dim; c += step)
    for (i64 i = 0; i < nr; i += 2)
      if (nr - i == 1) add_rows(1, PAIR_VECTORS, p + i * KB, v + c, ldv, rows, o + i * ldo + c, ldo);
      else add_rows(2, PAIR_VECTORS, p + i * KB, v + c, ldv, rows, o + i * ldo + c, ldo);
  for (; c + 4 * W <= dim; c += 4 * W)
    for (i64 i = 0; i < nr; i += 2)
      if (nr - i == 1) add_rows(1, 4, p + i * KB, v + c, ldv, rows, o + i * ldo + c, ldo);
      else add_rows(2, 4, p + i * KB, v + c, ldv, rows, o + i * ldo + c, ldo);
  for (i64 i = 0; i < nr && c < dim; i++) multiply(1, dim - c, rows, p + i * KB, 1, v + c, ldv, o + i * ldo + c, 0, 1, 1);
}

/* Scores of nr rows of queries, read along the head: for the few queries of a decoding step the keys are not transposed. */
INLINE void score_rows(
    const int nr, const float *const *q, const float *k, i64 ldk, i64 dim, i64 keys, float factor, float *out) {
  for (i64 j = 0; j < keys; j += 4) {
    i64 n = MIN(4, keys - j);
    const float *k0 = k + j * ldk, *k1 = k0 + (n > 1 ? ldk : 0), *k2 = k1 + (n > 2 ? ldk : 0);
    const float *k3 = k2 + (n > 3 ? ldk : 0);
    vf s[4][4];
#pragma GCC unroll 4
    for (int r = 0; r < nr; r++)
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) s[r][i] = splat(0);
    for (i64 i = j + 12; i < MIN(j + 16, keys); i++) fetch_row(k + i * ldk, dim);
    for (i64 d = 0; d < dim; d += W) {
      i64 rest = dim - d;
      vf y0 = ldn(k0 + d, rest), y1 = ldn(k1 + d, rest), y2 = ldn(k2 + d, rest), y3 = ldn(k3 + d, rest);
#pragma GCC unroll 4
      for (int r = 0; r < nr; r++) {
        vf x = ldn(q[r] + d, rest);
        s[r][0] += x * y0;
        s[r][1] += x * y1;
        s[r][2] += x * y2;
        s[r][3] += x * y3;
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < nr; r++)
      for (i64 i = 0; i < n; i++) out[r * KB + j + i] = factor * sum(s[r][i]);
  }
}

/* As many queries as matmul's FEW, so that up to so many tokens of a text have the same bits one by one and together. */
#define FEW_QUERIES 16

static void score_few(
    const float *const *q, i64 nr, const float *k, i64 ldk, i64 dim, i64 keys, float factor, float *out) {
  i64 i = 0;
  if (VB == 64)
    for (; i + 4 <= nr; i += 4) score_rows(4, q + i, k, ldk, dim, keys, factor, out + i * KB);
  for (; i + 2 <= nr; i += 2) score_rows(2, q + i, k, ldk, dim, keys, factor, out + i * KB);
  if (i < nr) score_rows(1, q + i, k, ldk, dim, keys, factor, out + i * KB);
}

/* Heads [head, head + count) of one key head, queries [from, to): rows of scores are the queries of one head behind those of
 * the other, so that keys are read and turned once for them. */
static int attention(
    const float *q, const void *k, const void *v, int type, const int32_t *pages, i64 page, i64 heads, i64 kv_heads,
    i64 head_dim, i64 value_dim, i64 window, float scale_, float soft_cap, int exact, i64 queries, i64 q_start,
    i64 q_length, i64 k_start, i64 k_length, i64 head, i64 count, float *out, float *lse, i64 from, i64 to) {
  (void)exact;
  attention_t s = {heads, kv_heads, head_dim, value_dim, window, queries, q_start, q_length, k_start, k_length, scale_,
    soft_cap};
  keys_t ks = {pages, page, k_start, kv_heads * head_dim, type, k_length};
  keys_t vs = {pages, page, k_start, kv_heads * value_dim, type, k_length};
  i64 kv = head / (heads / kv_heads), vp = round_up(value_dim, NR), hp = round_up(head_dim, NR);
  float *qt = scratch(head_dim * ROWS_P + head_dim * KB + ROWS * KB + KB * vp + KB * hp + ROWS * vp + 2 * ROWS);
  if (!qt) return 1;
  float *kt = qt + head_dim * ROWS_P, *p = kt + head_dim * KB, *vc = p + ROWS * KB, *kc = vc + KB * vp;
  float *o = kc + KB * hp, *max = o + ROWS * vp;
  double total[ROWS];
  int few = q_length <= FEW_QUERIES;
  i64 most = ROWS / MIN(QB, MAX(1, to - from));
  i64 blocks = (to - from + QB - 1) / QB, parts = (count + most - 1) / most;
  for (i64 b = 0; b < blocks * parts; b++) {
    i64 q0 = from + b % blocks * QB, nq = MIN(QB, to - q0);
    i64 h0 = head + b / blocks * most, group = MIN(most, head + count - h0), nr = nq * group;
    const float *rows[ROWS];
    for (i64 i = 0; i < nr; i++) rows[i] = q + ((q_start + q0 + i % nq) * heads + h0 + i / nq) * head_dim;
    for (i64 g = 0; g < group && !few; g++)
      pack_rows(rows[g * nq], F32, 0, heads * head_dim, nq, round_up(nq, W), head_dim, qt + g * nq, ROWS_P);
    for (i64 i = 0; i < nr; i++) max[i] = -INFINITY, total[i] = 0;
    memset(o, 0, (size_t)(nr * vp) * 4);
    i64 position = k_length - q_length + q0;
    i64 first = window ? MAX(0, position - window + 1) / KB * KB : 0;
    for (i64 key = first; key < position + nq; key += KB) {
      i64 nk = MIN(KB, position + nq - key), wide = round_up(nk, W);
      i64 ld_k, ld_v;
      const float *keys = key_tile(&ks, k, key, nk, kv * head_dim, head_dim, 1, kc, &ld_k);
      const float *values = key_tile(&vs, v, key, nk, kv * value_dim, value_dim, NR, vc, &ld_v);
      if (few) {
        fetch_keys(&ks, k, key + nk, KEYS_AHEAD, kv * head_dim, head_dim);
        fetch_keys(&vs, v, key, KEYS_AHEAD, kv * value_dim, value_dim);
        score_few(rows, nr, keys, ld_k, head_dim, nk, scale_, p);
      }
      else pack_rows(keys, F32, 0, ld_k, nk, wide, head_dim, kt, KB);
      for (i64 i0 = 0; i0 < nr; i0 += MR) {
        i64 live = MIN(MR, nr - i0), latest = i0 % nq + live > nq ? nq : i0 % nq + live;
        i64 seen = MIN(nk, position + latest - key); /* keys that the last of these queries sees */
        if (seen <= 0) continue;
        if (!few) multiply(live, round_up(seen, W), head_dim, qt + i0, ROWS_P, kt, KB, p + i0 * KB, KB, scale_, 0);
        for (i64 i = i0; i < i0 + live; i++) {
          float *row = p + i * KB;
          i64 lo, hi;
          visible(&s, q0 + i % nq, key, nk, &lo, &hi);
          if (hi <= lo) {
            memset(row, 0, KB * 4);
            continue;
          }
          if (soft_cap > 0) cap(row, hi, soft_cap);
          i64 begin = lo / W * W, end = round_up(hi, W);
          for (i64 j = begin; j < lo; j++) row[j] = -INFINITY;
          for (i64 j = hi; j < end; j++) row[j] = -INFINITY;
          float m = MAX(max[i], row_max(row + begin, end - begin));
          vf sums = {0};
          for (i64 j = begin; j < end; j += W) {
            vf e = weight_of(ld(row + j) - m);
            st(row + j, e);
            sums += e;
          }
          if (begin > 0) memset(row, 0, (size_t)begin * 4);
          if (end < KB) memset(row + end, 0, (size_t)(KB - end) * 4);
          if (m > max[i]) {
            if (max[i] > -INFINITY) {
              float keep = expf(max[i] - m);
              total[i] *= (double)keep;
              scale(o + i * vp, keep, o + i * vp, 0, vp);
            }
            max[i] = m;
          }
          total[i] += (double)sum(sums);
        }
        if (nr > 3) add_scores(live, value_dim, seen, p + i0 * KB, values, ld_v, o + i0 * vp, vp);
      }
      if (nr <= 3) add_few(p, nr, values, ld_v, nk, value_dim, o, vp);
    }
    for (i64 i = 0; i < nr; i++) {
      i64 row = q_start + q0 + i % nq, h = h0 + i / nq;
      float *to_row = out + (row * heads + h) * value_dim, inverse = (float)(1 / total[i]);
      for (i64 c = 0; c < value_dim; c += W) stn(to_row + c, inverse * ld(o + i * vp + c), value_dim - c);
      if (lse) lse[h * queries + row] = (float)((double)max[i] + log(total[i]));
    }
  }
  swiftk_give(qt);
  return 0;
}

/* delta[g * q_length + i] = out dout for query i of head g of those that share a key head. */
static void output_products(const attention_t *s, i64 kv_head, const float *out, const float *dout, float *delta) {
  i64 group = s->heads / s->kv_heads, n = s->value_dim;
  for (i64 g = 0; g < group; g++)
    for (i64 i = 0; i < s->q_length; i++) {
      i64 at = ((s->q_start + i) * s->heads + kv_head * group + g) * n;
      vf d = {0};
      for (i64 c = 0; c < n; c += W) d += ldn(out + at + c, n - c) * ldn(dout + at + c, n - c);
      delta[g * s->q_length + i] = sum(d);
    }
}

/* What a query and the keys from `key` on multiply to, p, becomes its weights, and the gradients of these, dp, those of p. */
INLINE void gradient_row(
    const attention_t *s, i64 q, i64 key, i64 nk, i64 wide, float lse, float delta, float *p, float *dp) {
  i64 lo, hi;
  visible(s, q, key, nk, &lo, &hi);
  lo = MIN(lo, wide), hi = MAX(hi, lo);
  for (i64 j = lo / W * W; j < hi; j += W) {
    vf x = fused(splat(s->scale), ld(p + j), splat(0)), slope = splat(s->scale); /* rounded as it was for lse */
    if (s->soft_cap > 0) {
      vf t = vtanh(x * (1 / s->soft_cap));
      x = s->soft_cap * t, slope *= 1.0f - t * t;
    }
    vf e = vexp(x - lse);
    st(dp + j, e * (ld(dp + j) - delta) * slope);
    st(p + j, e);
  }
  for (i64 j = 0; j < lo; j++) p[j] = dp[j] = 0;
  for (i64 j = hi; j < wide; j++) p[j] = dp[j] = 0;
}

/* For each tile of keys: its dk and dv over all queries of all heads of the group; dq grows tile by tile. */
static int attention_backward(
    const float *q, const float *k, const float *v, i64 heads, i64 kv_heads, i64 head_dim, i64 value_dim, i64 window,
    float scale_, float soft_cap, int exact, i64 queries, i64 q_start, i64 q_length, i64 k_start, i64 k_length,
    i64 kv_head, const float *out, const float *lse, const float *dout, float *dq, float *dk, float *dv) {
  (void)exact;
  attention_t s = {heads, kv_heads, head_dim, value_dim, window, queries, q_start, q_length, k_start, k_length, scale_,
    soft_cap};
  i64 group = heads / kv_heads, hp = round_up(head_dim, NR), vp = round_up(value_dim, NR);
  i64 qs = heads * head_dim, os = heads * value_dim, ks = kv_heads * head_dim, vs = kv_heads * value_dim;
  float *kt = scratch(head_dim * (KB + QB) + value_dim * (KB + QB) + 3 * QB * KB + (KB + QB) * (hp + vp)
      + round_up(group * q_length, 16));
  if (!kt) return 1;
  float *vt = kt + head_dim * KB, *qt = vt + value_dim * KB, *ot = qt + head_dim * QB, *p = ot + value_dim * QB;
  float *ds = p + QB * KB, *dst = ds + QB * KB, *kc = dst + QB * KB, *qc = kc + KB * hp;
  float *oc = qc + QB * hp, *delta = oc + QB * vp;
  output_products(&s, kv_head, out, dout, delta);
  for (i64 key = 0; key < k_length; key += KB) {
    i64 nk = MIN(KB, k_length - key);
    i64 k_row = (k_start + key) * kv_heads + kv_head, k_at = k_row * head_dim, v_at = k_row * value_dim;
    pack_rows(k, F32, k_at, ks, nk, KB, head_dim, kt, KB);
    pack_rows(v, F32, v_at, vs, nk, KB, value_dim, vt, KB);
    i64 ld_k;
    const float *kr = rows_of(k + k_at, ks, nk, head_dim, kc, &ld_k);
    i64 first = MAX(0, key - (k_length - q_length)) / QB * QB;
    i64 end = window ? MIN(q_length, key + nk - 1 + window - (k_length - q_length)) : q_length;
    for (i64 g = 0; g < group; g++) {
      i64 head = kv_head * group + g;
      for (i64 q0 = first; q0 < end; q0 += QB) {
        i64 nq = MIN(QB, q_length - q0), row = q_start + q0;
        i64 q_at = (row * heads + head) * head_dim, o_at = (row * heads + head) * value_dim;
        pack_rows(q, F32, q_at, qs, nq, round_up(nq, W), head_dim, qt, QB);
        pack_rows(dout, F32, o_at, os, nq, round_up(nq, W), value_dim, ot, QB);
        i64 seen = MIN(nk, q0 + nq + k_length - q_length - key), wide = round_up(seen, W);
        multiply(nq, wide, head_dim, qt, QB, kt, KB, p, KB, 1, 0);
        multiply(nq, wide, value_dim, ot, QB, vt, KB, ds, KB, 1, 0);
        for (i64 i = 0; i < nq; i++)
          gradient_row(&s, q0 + i, key, seen, wide, lse[head * queries + row + i], delta[g * q_length + q0 + i], p + i * KB,
              ds + i * KB);
        i64 ld_q, ld_o;
        const float *qr = rows_of(q + q_at, qs, nq, head_dim, qc, &ld_q);
        const float *or = rows_of(dout + o_at, os, nq, value_dim, oc, &ld_o);
        multiply(seen, value_dim, nq, p, KB, or, ld_o, dv + v_at, vs, 1, 1);
        multiply(seen, head_dim, nq, ds, KB, qr, ld_q, dk + k_at, ks, 1, 1);
        pack_rows(ds, F32, 0, KB, nq, round_up(nq, W), seen, dst, QB);
        multiply(nq, head_dim, seen, dst, QB, kr, ld_k, dq + q_at, qs, 1, 1);
      }
    }
  }
  swiftk_give(kt);
  return 0;
}
