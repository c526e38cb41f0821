/* Attention on tensor cores (FlashAttention-2, arXiv 2307.08691): bf16 operands, float32 sums and softmax. A warp's scores
 * stay in its registers and become the left side of the product with the values. swift_flash_narrow makes the operands;
 * the plain twin, in float32, is attention.cu. Versions tried: this one only; no device was lent to measure on. */
#include "flash.cuh"

/* Rows of x (any type that lies row by row) to out (rows,heads,width) in bf16, eight elements a thread, zeros behind dim.
 * With pages, `starts` has for each of `count` sequences its first row of out, and behind one more these, where its pages
 * begin: sequences end up one behind the other. */
KERNEL(
    swift_flash_narrow, const void *x, int type, int heads, int dim, int width, const int *starts, int count,
    const int *pages, int page, int room, bf16 *out, i64 n) {
  EACH(i, n) {
    int pieces = width / 8, d = (int)(i % pieces) * 8;
    i64 at = i / pieces, row = at / heads;
    bool there = true;
    if (pages) {
      int low = 0, high = count;
      while (high - low > 1) {
        int middle = (low + high) / 2;
        if (starts[middle] <= row)
          low = middle;
        else
          high = middle;
      }
      int key = (int)row - starts[low], id = pages[starts[count + 1 + low] + key / page];
      /* The host hears of a wrong id when it waits next; until then it must not lead out of the cache. */
      there = id >= 0 && id < room;
      row = (i64)id * page + key % page;
    }
    i64 from = (row * heads + at % heads) * dim;
    float v[8];
    for (int j = 0; j < 8; j++) v[j] = there && d + j < dim ? load_row(x, type, from + d + j) : 0;
    uint4 packed = {pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7])};
    ((uint4 *)out)[i] = packed;
  }
}

template <int D, int KEYS> static __device__ __forceinline__ void flash(
    const bf16 *q, const bf16 *k, const bf16 *v, const int *tiles, Layer l, float *out, float *lse, int splits) {
  DYNAMIC_SHARED(bf16, shared);
  const int LD = D + 8;
  Work work(tiles);
  int hp = flash_padded(l.head_dim), vp = flash_padded(l.value_dim), kv = blockIdx.y;
  bf16 *qs = shared, *ks = qs + FLASH_OWN * LD, *vs = ks + 2 * KEYS * LD;
  int end = min(work.q_length * l.group, work.from + FLASH_OWN);
  int low = l.window == 0 ? 0 : max(0, work.position(work.from / l.group) - l.window + 1);
  int high = work.position((end - 1) / l.group) + 1;
  int share = ((high - low + KEYS - 1) / KEYS + splits - 1) / splits * KEYS;
  low += (int)blockIdx.z * share;
  high = min(high, low + share);
  auto fetch = [&](int buffer, int j0) {
    auto row = [&](int r) { return j0 + r < high ? (i64)(work.k_start + j0 + r) * l.kv_heads + kv : -1; };
    if (j0 < high) {
      flash_fetch<D>(ks + buffer * KEYS * LD, KEYS, k, hp, row);
      flash_fetch<D>(vs + buffer * KEYS * LD, KEYS, v, vp, row);
    }
    end_copies();
  };
  flash_fetch<D>(qs, FLASH_OWN, q, hp, [&](int r) {
    int p = work.from + r;
    return p < end ? (i64)(work.q_start + p / l.group) * l.heads + kv * l.group + p % l.group : -1;
  });
  fetch(0, low);
  /* This lane's rows of the results: own and own + 8. */
  int own = work.from + warp() * 16 + lane() / 4, position[2];
  float acc[D / 8][4], most[2], sum[2];
  for (int h = 0; h < 2; h++) {
    position[h] = work.position((own + h * 8) / l.group);
    most[h] = NEGATIVE_INFINITY;
    sum[h] = 0;
  }
  for (int n = 0; n < D / 8; n++)
    for (int e = 0; e < 4; e++) acc[n][e] = 0;
  int buffer = 0;
  for (int j0 = low; j0 < high; j0 += KEYS, buffer ^= 1) {
    fetch(buffer ^ 1, j0 + KEYS);
    wait_copies();
    __syncthreads();
    if (work.from + warp() * 16 < end) {
      float s[KEYS / 8][4];
      flash_scores<D, KEYS / 8>(s, qs + warp() * 16 * LD, ks + buffer * KEYS * LD, hp);
#pragma unroll
      for (int h = 0; h < 2; h++) {
        float peak = most[h];
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
          for (int e = 2 * h; e < 2 * h + 2; e++) {
            int key = j0 + n * 8 + lane() % 4 * 2 + e % 2;
            bool visible = key < high && sees(position[h], key, l.window);
            s[n][e] = visible ? capped(l, s[n][e] * l.scale) * LOG2_E : NEGATIVE_INFINITY;
            peak = Max::of(peak, s[n][e]);
          }
        for (int bits = 1; bits < 4; bits <<= 1) peak = Max::of(peak, __shfl_xor_sync(ALL_LANES, peak, bits));
        float base = peak == NEGATIVE_INFINITY ? 0 : peak, old = exp2f(most[h] - base);
        most[h] = peak;
        sum[h] *= old;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
          for (int e = 2 * h; e < 2 * h + 2; e++) {
            s[n][e] = exp2f(s[n][e] - base);
            sum[h] += s[n][e];
          }
#pragma unroll
        for (int n = 0; n < D / 8; n++) acc[n][2 * h] *= old, acc[n][2 * h + 1] *= old;
      }
      flash_accumulate<D, KEYS / 8>(acc, s, vs + buffer * KEYS * LD, vp);
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    for (int bits = 1; bits < 4; bits <<= 1) sum[h] += __shfl_xor_sync(ALL_LANES, sum[h], bits);
    int p = own + h * 8, query = work.q_start + p / l.group, head = kv * l.group + p % l.group;
    if (p >= end) continue;
    i64 row = (i64)(blockIdx.z * (i64)l.queries + query) * l.heads + head;
    flash_store<D>(out + row * l.value_dim, acc, h, sum[h] > 0 ? 1 / sum[h] : sum[h], l.value_dim);
    if (lse && lane() % 4 == 0)
      lse[((i64)blockIdx.z * l.heads + head) * l.queries + query] =
          sum[h] == 0 ? NEGATIVE_INFINITY : most[h] * LN_2 + logf(sum[h]);
  }
}

#define ATTENTION_FLASH(name, d, keys) \
  BLOCK_KERNEL( \
      FLASH_BLOCK, name, const bf16 *q, const bf16 *k, const bf16 *v, const int *tiles, int heads, int kv_heads, \
      int head_dim, int value_dim, int window, float scale, float cap, int queries, float *out, float *lse, int splits) { \
    Layer l = {heads, kv_heads, head_dim, value_dim, window, scale, cap, cap > 0 ? 1 / cap : 0, heads / kv_heads, queries}; \
    flash<d, keys>(q, k, v, tiles, l, out, lse, splits); \
  }
ATTENTION_FLASH(swift_flash_64, 64, 64)
ATTENTION_FLASH(swift_flash_128, 128, 64)
ATTENTION_FLASH(swift_flash_256, 256, 32)
