/* Gradients of attention from the saved logarithms of the denominators, once over the keys of each query for dq and once
 * over the queries of each key for dk and dv: twice the arithmetic, but no atomics, so the same bits every time. */
#include "attention.cuh"

/* delta[row] = out[row] . dout[row], row = query * heads + head: a warp a row. */
BLOCK_KERNEL(256, swift_attention_delta, const float *out, const float *dout, int dim, float *delta, i64 rows) {
  i64 row = (i64)blockIdx.x * (blockDim.x / 32) + warp();
  float sum = 0;
  for (int d = lane(); row < rows && d < dim; d += 32) sum += out[row * dim + d] * dout[row * dim + d];
  sum = warp_reduce<Sum>(sum);
  if (row < rows && lane() == 0) delta[row] = sum;
}

/* The weight of a pair and the gradient of its raw score q . k. */
DEVICE void pair(
    const Layer &l, bool visible, float raw, float dp, float lse, float delta, float *weight, float *dscore) {
  float score = capped(l, raw * l.scale);
  float p = visible ? expf(score - lse) : 0;
  float d = p * (dp - delta);
  if (l.cap > 0) d *= 1 - score * l.inverse_cap * (score * l.inverse_cap);
  *weight = p;
  *dscore = visible ? d * l.scale : 0;
}

template <int N> static __device__ __forceinline__ void attention_dq(
    const float *q, const float *k, const float *v, const int *tiles, Layer l, const float *lse, const float *delta,
    const float *dout, float *dq) {
  DYNAMIC_SHARED(float, shared);
  Work work(tiles);
  int hp = padded(l.head_dim), vp = padded(l.value_dim), kv = blockIdx.y;
  float *qs = shared, *ds = qs + OWN_ROWS * hp, *ks = ds + OWN_ROWS * vp, *vs = ks + OTHERS * (hp + 4);
  float *ps = vs + OTHERS * (vp + 4) + warp() * OWN * OTHERS;
  int rows = work.q_length * l.group, end = min(rows, work.from + OWN_ROWS);
  int own = work.from + warp() * OWN;
  float norm[OWN], diff[OWN], acc[OWN][N];
  for (int r = 0; r < OWN; r++) {
    int p = own + r, query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
    i64 row = (i64)query * l.heads + head;
    stage(qs + (warp() * OWN + r) * hp, q, F32, row, l.head_dim, p < end);
    stage(ds + (warp() * OWN + r) * vp, dout, F32, row, l.value_dim, p < end);
    norm[r] = p < end ? lse[(i64)head * l.queries + query] : 0;
    diff[r] = p < end ? delta[row] : 0;
    for (int i = 0; i < N; i++) acc[r][i] = 0;
  }
  int low = l.window == 0 ? 0 : max(0, work.position(work.from / l.group) - l.window + 1);
  int high = work.position((end - 1) / l.group) + 1;
  for (int j0 = low; j0 < high; j0 += OTHERS) {
    __syncthreads();
#pragma unroll 1
    for (int j = warp(); j < OTHERS; j += 4) {
      i64 row = (i64)(work.k_start + j0 + j) * l.kv_heads + kv;
      stage(ks + j * (hp + 4), k, F32, row, l.head_dim, j0 + j < high);
      stage(vs + j * (vp + 4), v, F32, row, l.value_dim, j0 + j < high);
    }
    __syncthreads();
    float s[OWN], dp[OWN];
    dots(qs + warp() * OWN * hp, hp, ks + lane() * (hp + 4), hp, s);
    dots(ds + warp() * OWN * vp, vp, vs + lane() * (vp + 4), vp, dp);
#pragma unroll
    for (int r = 0; r < OWN; r++) {
      int p = own + r, key = j0 + lane();
      bool visible = p < end && key < high && sees(work.position(p / l.group), key, l.window);
      float weight, dscore;
      pair(l, visible, s[r], dp[r], norm[r], diff[r], &weight, &dscore);
      ps[r * OTHERS + lane()] = dscore;
    }
    __syncwarp();
    accumulate<N>(acc, ps, ks, hp + 4, l.head_dim);
    __syncwarp();
  }
  for (int r = 0; r < OWN; r++) {
    int p = own + r;
    if (p >= end) continue;
    i64 row = (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group;
#pragma unroll
    for (int i = 0; i < N; i++) {
      int d = lane() + i * 32;
      if (d < l.head_dim) dq[row * l.head_dim + d] = acc[r][i];
    }
  }
}

template <int N> static __device__ __forceinline__ void attention_dkv(
    const float *q, const float *k, const float *v, const int *tiles, Layer l, const float *lse, const float *delta,
    const float *dout, float *dk, float *dv) {
  DYNAMIC_SHARED(float, shared);
  Work work(tiles);
  int hp = padded(l.head_dim), vp = padded(l.value_dim), kv = blockIdx.y;
  float *ks = shared, *vs = ks + OWN_ROWS * hp, *qs = vs + OWN_ROWS * vp, *ds = qs + OTHERS * (hp + 4);
  float *ps = ds + OTHERS * (vp + 4) + warp() * OWN * OTHERS;
  int end = min(work.k_length, work.from + OWN_ROWS), own = work.from + warp() * OWN;
  float acc_k[OWN][N], acc_v[OWN][N];
  for (int r = 0; r < OWN; r++) {
    i64 row = (i64)(work.k_start + own + r) * l.kv_heads + kv;
    stage(ks + (warp() * OWN + r) * hp, k, F32, row, l.head_dim, own + r < end);
    stage(vs + (warp() * OWN + r) * vp, v, F32, row, l.value_dim, own + r < end);
    for (int i = 0; i < N; i++) acc_k[r][i] = acc_v[r][i] = 0;
  }
  int before = work.position(0);
  int low = max(0, work.from - before) * l.group;
  int high = (l.window == 0 ? work.q_length : min(work.q_length, end - 1 - before + l.window)) * l.group;
  for (int p0 = low; p0 < high; p0 += OTHERS) {
    __syncthreads();
#pragma unroll 1
    for (int j = warp(); j < OTHERS; j += 4) {
      int p = p0 + j;
      i64 row = (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group;
      stage(qs + j * (hp + 4), q, F32, row, l.head_dim, p < high);
      stage(ds + j * (vp + 4), dout, F32, row, l.value_dim, p < high);
    }
    __syncthreads();
    int p = p0 + lane(), query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
    float norm = p < high ? lse[(i64)head * l.queries + query] : 0;
    float diff = p < high ? delta[(i64)query * l.heads + head] : 0;
    float s[OWN], dp[OWN];
    dots(ks + warp() * OWN * hp, hp, qs + lane() * (hp + 4), hp, s);
    dots(vs + warp() * OWN * vp, vp, ds + lane() * (vp + 4), vp, dp);
    float dscore[OWN];
#pragma unroll
    for (int r = 0; r < OWN; r++) {
      bool visible = p < high && own + r < end && sees(work.position(p / l.group), own + r, l.window);
      float weight;
      pair(l, visible, s[r], dp[r], norm, diff, &weight, &dscore[r]);
      ps[r * OTHERS + lane()] = weight;
    }
    __syncwarp();
    accumulate<N>(acc_v, ps, ds, vp + 4, l.value_dim);
    __syncwarp();
#pragma unroll
    for (int r = 0; r < OWN; r++) ps[r * OTHERS + lane()] = dscore[r];
    __syncwarp();
    accumulate<N>(acc_k, ps, qs, hp + 4, l.head_dim);
    __syncwarp();
  }
  for (int r = 0; r < OWN; r++) {
    if (own + r >= end) continue;
    i64 row = (i64)(work.k_start + own + r) * l.kv_heads + kv;
#pragma unroll
    for (int i = 0; i < N; i++) {
      int d = lane() + i * 32;
      if (d < l.head_dim) dk[row * l.head_dim + d] = acc_k[r][i];
      if (d < l.value_dim) dv[row * l.value_dim + d] = acc_v[r][i];
    }
  }
}

#define ATTENTION_GRADIENTS(size, n) \
  BLOCK_KERNEL( \
      ATTENTION_THREADS, swift_attention_dq_##size, const float *q, const float *k, const float *v, const int *tiles, \
      int heads, int kv_heads, int head_dim, int value_dim, int window, float scale, float cap, int queries, \
      const float *lse, const float *delta, const float *dout, float *dq) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    attention_dq<n>(q, k, v, tiles, l, lse, delta, dout, dq); \
  } \
  BLOCK_KERNEL( \
      ATTENTION_THREADS, swift_attention_dkv_##size, const float *q, const float *k, const float *v, const int *tiles, \
      int heads, int kv_heads, int head_dim, int value_dim, int window, float scale, float cap, int queries, \
      const float *lse, const float *delta, const float *dout, float *dk, float *dv) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    attention_dkv<n>(q, k, v, tiles, l, lse, delta, dout, dk, dv); \
  }
ATTENTION_GRADIENTS(64, 2)
ATTENTION_GRADIENTS(128, 4)
ATTENTION_GRADIENTS(256, 8)
