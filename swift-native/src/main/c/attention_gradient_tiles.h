/* The gradient of attention_tiles.h, for each tile of keys over all queries that see it. Of products along a head or a value
 * queries and output gradients are the left operands, keys and values the right ones; of those over queries weights and gradients
 * of scores, turned, are the left ones, of those over keys the latter as they are. */

/* out (m,n) += a b for laid out operands of so many steps; a block of 32 rows and a panel of NR columns take so many bytes. */
static void add_product(
    int products, i64 steps, const char *a, i64 block, const char *b, i64 panel, i64 stride, i64 m, i64 n, float *out,
    i64 ldo) {
  float sums[32 * NR] __attribute__((aligned(64)));
  for (i64 i = 0; i < m; i += 32)
    for (i64 c = 0; c < n; c += NR) {
      float_tiles[m - i > 16][1][products](steps, a + i / 32 * block, b + c / NR * panel, stride, sums, NR);
      for (i64 r = 0; r < MIN(32, m - i); r++)
        for (i64 w = c; w < MIN(n, c + NR); w += W) update(out + (i + r) * ldo + w, ld(sums + r * NR + w - c), 1, 1, n - w);
    }
}

static int gradient_by_tiles(
    int parts, const attention_t *s, const float *q, const float *k, const float *v, i64 kv_head, const float *out,
    const float *lse, const float *dout, float *dq, float *dk, float *dv) {
  const int products = parts == 2 ? THREE_PRODUCTS : SIX_PRODUCTS;
  const i64 group = s->heads / s->kv_heads, hd = s->head_dim, vd = s->value_dim, late = s->k_length - s->q_length;
  const i64 qs = s->heads * hd, os = s->heads * vd, ks = s->kv_heads * hd, vs = s->kv_heads * vd;
  const i64 stride = parts * PART_BYTES, hp = round_up(hd, NR), vp = round_up(vd, NR);
  /* Bytes of 32 rows or columns in the left or right operand of products along a head, a value, queries, keys. */
  const i64 h_left = steps_of(hd) * LEFT_BYTES, v_left = steps_of(vd) * LEFT_BYTES;
  const i64 q_left = steps_of(QB) * LEFT_BYTES, k_left = steps_of(TILE_KEYS) * LEFT_BYTES;
  const i64 h_right = steps_of(hd) * stride, v_right = steps_of(vd) * stride;
  const i64 q_right = steps_of(QB) * stride, k_right = steps_of(TILE_KEYS) * stride;
  const i64 bytes = TILE_KEYS / 32 * (h_right + v_right + q_left) + QB / 32 * (h_left + v_left + k_left)
      + hp / 32 * k_right + MAX(hp, vp) / 32 * q_right;
  char *k_turned = (char *)scratch(bytes / 4 + 2 * QB * TILE_KEYS + TILE_KEYS * (hp + vp) + group * s->q_length);
  if (!k_turned) return 1;
  char *v_turned = k_turned + TILE_KEYS / 32 * h_right, *k_rows = v_turned + TILE_KEYS / 32 * v_right;
  char *q_rows = k_rows + hp / 32 * k_right, *o_rows = q_rows + QB / 32 * h_left, *side = o_rows + QB / 32 * v_left;
  char *turned = side + MAX(hp, vp) / 32 * q_right, *d_rows = turned + TILE_KEYS / 32 * q_left;
  float *p = (float *)(d_rows + QB / 32 * k_left), *dp = p + QB * TILE_KEYS, *sum_k = dp + QB * TILE_KEYS;
  float *sum_v = sum_k + TILE_KEYS * hp, *delta = sum_v + TILE_KEYS * vp;
  const unsigned mode = flush();
  use_float_tiles();
  output_products(s, kv_head, out, dout, delta);
  for (i64 key = 0; key < s->k_length; key += TILE_KEYS) {
    const i64 nk = MIN(TILE_KEYS, s->k_length - key), k_row = (s->k_start + key) * s->kv_heads + kv_head;
    const float *keys = k + k_row * hd, *values = v + k_row * vd;
    lay_right(parts, keys, 1, ks, nk, hd, k_turned, h_right);
    lay_right(parts, values, 1, vs, nk, vd, v_turned, v_right);
    lay_right(parts, keys, 0, ks, hd, nk, k_rows, k_right);
    memset(sum_k, 0, (size_t)(TILE_KEYS * (hp + vp)) * 4);
    const i64 first = MAX(0, key - late) / QB * QB;
    const i64 end = s->window ? MIN(s->q_length, key + nk - 1 + s->window - late) : s->q_length;
    for (i64 g = 0; g < group; g++)
      for (i64 q0 = first; q0 < end; q0 += QB) {
        const i64 nq = MIN(QB, s->q_length - q0), seen = MIN(nk, q0 + nq + late - key), head = kv_head * group + g;
        const i64 row = s->q_start + q0, wide = round_up(seen, STEP_COLUMNS);
        const float *queries = q + (row * s->heads + head) * hd, *douts = dout + (row * s->heads + head) * vd;
        lay_left(parts, queries, 0, qs, nq, hd, q_rows, h_left);
        lay_left(parts, douts, 0, os, nq, vd, o_rows, v_left);
        for (i64 i = 0; i < nq; i += 32)
          for (i64 j = 0; j < seen; j += NR) {
            const i64 at = i * TILE_KEYS + j;
            float_tiles[nq - i > 16][1][products](
                steps_of(hd), q_rows + i / 32 * h_left, k_turned + j / NR * h_right, stride, p + at, TILE_KEYS);
            float_tiles[nq - i > 16][1][products](
                steps_of(vd), o_rows + i / 32 * v_left, v_turned + j / NR * v_right, stride, dp + at, TILE_KEYS);
          }
        for (i64 i = 0; i < nq; i++)
          gradient_row(s, q0 + i, key, seen, wide, lse[head * s->queries + row + i], delta[g * s->q_length + q0 + i],
              p + i * TILE_KEYS, dp + i * TILE_KEYS);
        lay_left(parts, p, 1, TILE_KEYS, seen, nq, turned, q_left);
        lay_right(parts, douts, 0, os, vd, nq, side, q_right);
        add_product(products, steps_of(nq), turned, q_left, side, q_right, stride, seen, vd, sum_v, vp);
        lay_left(parts, dp, 1, TILE_KEYS, seen, nq, turned, q_left);
        lay_right(parts, queries, 0, qs, hd, nq, side, q_right);
        add_product(products, steps_of(nq), turned, q_left, side, q_right, stride, seen, hd, sum_k, hp);
        lay_left(parts, dp, 0, TILE_KEYS, nq, seen, d_rows, k_left);
        add_product(products, steps_of(seen), d_rows, k_left, k_rows, k_right, stride, nq, hd,
            dq + (row * s->heads + head) * hd, qs);
      }
    for (i64 i = 0; i < nk; i++) {
      float *to_k = dk + (k_row + i * s->kv_heads) * hd, *to_v = dv + (k_row + i * s->kv_heads) * vd;
      for (i64 c = 0; c < hd; c += W) stn(to_k + c, ldn(to_k + c, hd - c) + ld(sum_k + i * hp + c), hd - c);
      for (i64 c = 0; c < vd; c += W) stn(to_v + c, ldn(to_v + c, vd - c) + ld(sum_v + i * vp + c), vd - c);
    }
  }
  __asm__ volatile("tilerelease");
  _mm_setcsr(mode);
  swiftk_give(k_turned);
  return 0;
}

static int attention_backward_amx(
    const float *q, const float *k, const float *v, i64 heads, i64 kv_heads, i64 head_dim, i64 value_dim, i64 window,
    float scale_, float soft_cap, int exact, i64 queries, i64 q_start, i64 q_length, i64 k_start, i64 k_length,
    i64 kv_head, const float *out, const float *lse, const float *dout, float *dq, float *dk, float *dv) {
  if (!tiles_attend(q_length, head_dim, value_dim))
    return attention_backward(q, k, v, heads, kv_heads, head_dim, value_dim, window, scale_, soft_cap, exact, queries, q_start,
        q_length, k_start, k_length, kv_head, out, lse, dout, dq, dk, dv);
  const attention_t s = {heads, kv_heads, head_dim, value_dim, window, queries, q_start, q_length, k_start, k_length, scale_,
    soft_cap};
  return gradient_by_tiles(exact ? 3 : 2, &s, q, k, v, kv_head, out, lse, dout, dq, dk, dv);
}
