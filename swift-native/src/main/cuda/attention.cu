/* Causal attention with the softmax done on the way (FlashAttention, arXiv 2307.08691): blocks of 16 query rows walk over
 * the keys that they see. Block z takes its share of the keys where `splits` is above 1 (decoding: few queries, many
 * keys); swift_attention_join adds the shares up. */
#include "attention.cuh"

template <int N> static __device__ __forceinline__ void attention(
    const float *q, const void *k, const void *v, int type, const int *tiles, const int *pages, int page, int room, Layer l,
    float *out, float *lse, int splits) {
  DYNAMIC_SHARED(float, shared);
  Work work(tiles);
  int hp = padded(l.head_dim), vp = padded(l.value_dim), kv = blockIdx.y;
  float *qs = shared, *ks = qs + OWN_ROWS * hp, *vs = ks + OTHERS * (hp + 4), *ps = vs + OTHERS * (vp + 4);
  ps += warp() * OWN * OTHERS;
  int rows = work.q_length * l.group, end = min(rows, work.from + OWN_ROWS);
  int own = work.from + warp() * OWN;
  for (int r = 0; r < OWN; r++) {
    int p = own + r;
    i64 row = (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group;
    stage(qs + (warp() * OWN + r) * hp, q, F32, row, l.head_dim, p < end);
  }
  int low = l.window == 0 ? 0 : max(0, work.position(work.from / l.group) - l.window + 1);
  int high = work.position((end - 1) / l.group) + 1;
  int share = ((high - low + OTHERS - 1) / OTHERS + splits - 1) / splits * OTHERS;
  low += (int)blockIdx.z * share;
  high = min(high, low + share);
  float acc[OWN][N], most[OWN], sum[OWN];
  for (int r = 0; r < OWN; r++) {
    most[r] = NEGATIVE_INFINITY;
    sum[r] = 0;
    for (int i = 0; i < N; i++) acc[r][i] = 0;
  }
  for (int j0 = low; j0 < high; j0 += OTHERS) {
    __syncthreads();
#pragma unroll 1
    for (int j = warp(); j < OTHERS; j += 4) {
      int key = j0 + j;
      bool there = key < high;
      i64 at = 0;
      if (there && pages) {
        int id = pages[work.k_start + key / page];
        /* The host hears of a wrong id when it waits next; until then it must not lead out of the cache. */
        there = id >= 0 && id < room;
        at = (i64)id * page + key % page;
      } else {
        at = work.k_start + key;
      }
      stage(ks + j * (hp + 4), k, type, at * l.kv_heads + kv, l.head_dim, there);
      stage(vs + j * (vp + 4), v, type, at * l.kv_heads + kv, l.value_dim, there);
    }
    __syncthreads();
    float s[OWN];
    dots(qs + warp() * OWN * hp, hp, ks + lane() * (hp + 4), hp, s);
#pragma unroll
    for (int r = 0; r < OWN; r++) {
      int p = own + r, key = j0 + lane();
      bool visible = p < end && key < high && sees(work.position(p / l.group), key, l.window);
      float score = visible ? capped(l, s[r] * l.scale) : NEGATIVE_INFINITY;
      float peak = fmaxf(most[r], warp_reduce<Max>(score));
      float weight = visible ? expf(score - peak) : 0;
      float old = peak == NEGATIVE_INFINITY ? 1 : expf(most[r] - peak);
      most[r] = peak;
      sum[r] = sum[r] * old + warp_reduce<Sum>(weight);
      for (int i = 0; i < N; i++) acc[r][i] *= old;
      ps[r * OTHERS + lane()] = weight;
    }
    __syncwarp();
    accumulate<N>(acc, ps, vs, vp + 4, l.value_dim);
    __syncwarp();
  }
  for (int r = 0; r < OWN; r++) {
    int p = own + r;
    if (p >= end) continue;
    int query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
    i64 at = ((i64)(blockIdx.z * (i64)l.queries + query) * l.heads + head) * l.value_dim;
    float inverse = sum[r] > 0 ? 1 / sum[r] : 0;
#pragma unroll
    for (int i = 0; i < N; i++) {
      int d = lane() + i * 32;
      if (d < l.value_dim) out[at + d] = acc[r][i] * inverse;
    }
    if (lse && lane() == 0)
      lse[((i64)blockIdx.z * l.heads + head) * l.queries + query] =
          sum[r] > 0 ? most[r] + logf(sum[r]) : NEGATIVE_INFINITY;
  }
}

#define ATTENTION(name, n) \
  BLOCK_KERNEL( \
      ATTENTION_THREADS, name, const float *q, const void *k, const void *v, int type, const int *tiles, \
      const int *pages, int page, int room, int heads, int kv_heads, int head_dim, int value_dim, int window, float scale, \
      float cap, int queries, float *out, float *lse, int splits) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    attention<n>(q, k, v, type, tiles, pages, page, room, l, out, lse, splits); \
  }
ATTENTION(swift_attention_64, 2)
ATTENTION(swift_attention_128, 4)
ATTENTION(swift_attention_256, 8)

/* parts (splits,queries,heads,dim) with their lse (splits,heads,queries), weighted into out and lse. */
KERNEL(
    swift_attention_join, const float *parts, const float *part_lse, int splits, int queries, int heads, int dim,
    float *out, float *lse, i64 n) {
  EACH(i, n) {
    i64 row = i / dim, at = row % heads * queries + row / heads, all = (i64)heads * queries;
    float most = NEGATIVE_INFINITY, sum = 0, value = 0;
    for (int z = 0; z < splits; z++) most = fmaxf(most, part_lse[z * all + at]);
    for (int z = 0; z < splits; z++) {
      float weight = expf(part_lse[z * all + at] - most);
      sum += weight;
      value += weight * parts[z * n + i];
    }
    out[i] = value / sum;
    if (lse && i % dim == 0) lse[at] = most + logf(sum);
  }
}
