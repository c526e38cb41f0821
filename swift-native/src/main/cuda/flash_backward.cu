/* Gradients of attention on tensor cores, in the same two passes as attention_backward.cu, which is the plain twin: scores
 * and their gradients of a warp stay in its registers and become left sides of the products that follow. */
#include "flash.cuh"

#define FLASH_OTHERS 32

template <int D> static __device__ __forceinline__ void flash_dq(
    const bf16 *q, const bf16 *k, const bf16 *v, const bf16 *dout, const int *tiles, Layer l, const float *lse,
    const float *delta, float *dq) {
  DYNAMIC_SHARED(bf16, shared);
  const int LD = D + 8, N = FLASH_OTHERS / 8;
  Work work(tiles);
  int hp = flash_padded(l.head_dim), vp = flash_padded(l.value_dim), kv = blockIdx.y;
  bf16 *qs = shared, *ds = qs + FLASH_OWN * LD, *ks = ds + FLASH_OWN * LD, *vs = ks + 2 * FLASH_OTHERS * LD;
  int end = min(work.q_length * l.group, work.from + FLASH_OWN);
  int low = l.window == 0 ? 0 : max(0, work.position(work.from / l.group) - l.window + 1);
  int high = work.position((end - 1) / l.group) + 1;
  auto own_row = [&](int p) {
    return p < end ? (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group : -1;
  };
  auto fetch = [&](int buffer, int j0) {
    auto row = [&](int r) { return j0 + r < high ? (i64)(work.k_start + j0 + r) * l.kv_heads + kv : -1; };
    if (j0 < high) {
      flash_fetch<D>(ks + buffer * FLASH_OTHERS * LD, FLASH_OTHERS, k, hp, row);
      flash_fetch<D>(vs + buffer * FLASH_OTHERS * LD, FLASH_OTHERS, v, vp, row);
    }
    end_copies();
  };
  auto first = [&](int r) { return own_row(work.from + r); };
  flash_fetch<D>(qs, FLASH_OWN, q, hp, first);
  flash_fetch<D>(ds, FLASH_OWN, dout, vp, first);
  fetch(0, low);
  int own = work.from + warp() * 16 + lane() / 4, position[2];
  float acc[D / 8][4], norm[2], diff[2];
  for (int h = 0; h < 2; h++) {
    int p = own + h * 8, query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
    position[h] = work.position(p / l.group);
    norm[h] = p < end ? lse[(i64)head * l.queries + query] : 0;
    diff[h] = p < end ? delta[own_row(p)] : 0;
  }
  for (int n = 0; n < D / 8; n++)
    for (int e = 0; e < 4; e++) acc[n][e] = 0;
  int buffer = 0;
  for (int j0 = low; j0 < high; j0 += FLASH_OTHERS, buffer ^= 1) {
    fetch(buffer ^ 1, j0 + FLASH_OTHERS);
    wait_copies();
    __syncthreads();
    if (work.from + warp() * 16 < end) {
      float s[N][4], dp[N][4];
      flash_scores<D, N>(s, qs + warp() * 16 * LD, ks + buffer * FLASH_OTHERS * LD, hp);
      flash_scores<D, N>(dp, ds + warp() * 16 * LD, vs + buffer * FLASH_OTHERS * LD, vp);
#pragma unroll
      for (int n = 0; n < N; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
          int key = j0 + n * 8 + lane() % 4 * 2 + e % 2, h = e / 2;
          bool visible = own + h * 8 < end && key < high && sees(position[h], key, l.window);
          float weight;
          pair(l, visible, s[n][e], dp[n][e], norm[h], diff[h], &weight, &dp[n][e]);
        }
      flash_accumulate<D, N>(acc, dp, ks + buffer * FLASH_OTHERS * LD, hp);
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; h++)
    if (own + h * 8 < end) flash_store<D>(dq + own_row(own + h * 8) * l.head_dim, acc, h, 1, l.head_dim);
}

template <int D> static __device__ __forceinline__ void flash_dkv(
    const bf16 *q, const bf16 *k, const bf16 *v, const bf16 *dout, const int *tiles, Layer l, const float *lse,
    const float *delta, float *dk, float *dv) {
  DYNAMIC_SHARED(bf16, shared);
  const int LD = D + 8, N = FLASH_OTHERS / 8;
  Work work(tiles);
  int hp = flash_padded(l.head_dim), vp = flash_padded(l.value_dim), kv = blockIdx.y;
  bf16 *ks = shared, *vs = ks + FLASH_OWN * LD, *qs = vs + FLASH_OWN * LD, *ds = qs + 2 * FLASH_OTHERS * LD;
  /* Of each other row, in two buffers: logarithm of its denominator, delta, position. */
  float *norms = (float *)(ds + 2 * FLASH_OTHERS * LD), *diffs = norms + 2 * FLASH_OTHERS;
  int *positions = (int *)(diffs + 2 * FLASH_OTHERS);
  int end = min(work.k_length, work.from + FLASH_OWN), before = work.position(0);
  int low = max(0, work.from - before) * l.group;
  int high = (l.window == 0 ? work.q_length : min(work.q_length, end - 1 - before + l.window)) * l.group;
  auto fetch = [&](int buffer, int p0) {
    auto row = [&](int r) {
      int p = p0 + r;
      return p < high ? (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group : -1;
    };
    if (p0 < high) {
      flash_fetch<D>(qs + buffer * FLASH_OTHERS * LD, FLASH_OTHERS, q, hp, row);
      flash_fetch<D>(ds + buffer * FLASH_OTHERS * LD, FLASH_OTHERS, dout, vp, row);
      if (threadIdx.x < FLASH_OTHERS) {
        int at = buffer * FLASH_OTHERS + threadIdx.x, p = p0 + (int)threadIdx.x;
        int query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
        norms[at] = p < high ? lse[(i64)head * l.queries + query] : 0;
        diffs[at] = p < high ? delta[(i64)query * l.heads + head] : 0;
        positions[at] = p < high ? work.position(p / l.group) : -1;
      }
    }
    end_copies();
  };
  auto own_row = [&](int r) { return work.from + r < end ? (i64)(work.k_start + work.from + r) * l.kv_heads + kv : -1; };
  flash_fetch<D>(ks, FLASH_OWN, k, hp, own_row);
  flash_fetch<D>(vs, FLASH_OWN, v, vp, own_row);
  fetch(0, low);
  int own = warp() * 16 + lane() / 4;
  float acc_k[D / 8][4], acc_v[D / 8][4];
  for (int n = 0; n < D / 8; n++)
    for (int e = 0; e < 4; e++) acc_k[n][e] = acc_v[n][e] = 0;
  int buffer = 0;
  for (int p0 = low; p0 < high; p0 += FLASH_OTHERS, buffer ^= 1) {
    fetch(buffer ^ 1, p0 + FLASH_OTHERS);
    wait_copies();
    __syncthreads();
    if (work.from + warp() * 16 < end) {
      float s[N][4], dp[N][4];
      const bf16 *queries = qs + buffer * FLASH_OTHERS * LD, *gradients = ds + buffer * FLASH_OTHERS * LD;
      flash_scores<D, N>(s, ks + warp() * 16 * LD, queries, hp);
      flash_scores<D, N>(dp, vs + warp() * 16 * LD, gradients, vp);
#pragma unroll
      for (int n = 0; n < N; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
          int key = work.from + own + e / 2 * 8, at = buffer * FLASH_OTHERS + n * 8 + lane() % 4 * 2 + e % 2;
          /* Rows that are not there are before every key. */
          bool visible = key < end && sees(positions[at], key, l.window);
          pair(l, visible, s[n][e], dp[n][e], norms[at], diffs[at], &s[n][e], &dp[n][e]);
        }
      flash_accumulate<D, N>(acc_v, s, gradients, vp);
      flash_accumulate<D, N>(acc_k, dp, queries, hp);
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    i64 row = own_row(own + h * 8);
    if (row < 0) continue;
    flash_store<D>(dk + row * l.head_dim, acc_k, h, 1, l.head_dim);
    flash_store<D>(dv + row * l.value_dim, acc_v, h, 1, l.value_dim);
  }
}

#define ATTENTION_FLASH_GRADIENTS(size) \
  BLOCK_KERNEL( \
      FLASH_BLOCK, swift_flash_dq_##size, const bf16 *q, const bf16 *k, const bf16 *v, const bf16 *dout, \
      const int *tiles, int heads, int kv_heads, int head_dim, int value_dim, int window, float scale, float cap, \
      int queries, const float *lse, const float *delta, float *dq) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    flash_dq<size>(q, k, v, dout, tiles, l, lse, delta, dq); \
  } \
  BLOCK_KERNEL( \
      FLASH_BLOCK, swift_flash_dkv_##size, const bf16 *q, const bf16 *k, const bf16 *v, const bf16 *dout, \
      const int *tiles, int heads, int kv_heads, int head_dim, int value_dim, int window, float scale, float cap, \
      int queries, const float *lse, const float *delta, float *dk, float *dv) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    flash_dkv<size>(q, k, v, dout, tiles, l, lse, delta, dk, dv); \
  }
ATTENTION_FLASH_GRADIENTS(64)
ATTENTION_FLASH_GRADIENTS(128)
