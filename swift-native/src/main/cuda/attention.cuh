/* What the attention kernels share. A block has 4 warps with 4 own rows each; 32 other rows at a time lie in shared
 * memory, one for each lane. In the forward pass and for dq own rows are queries and others keys, for dk and dv the
 * other way round. All query heads of one key head are rows of one sequence: row p is query p / group of head
 * p % group, so that keys are read once for all of them. */
#ifndef SWIFT_ATTENTION_CUH
#define SWIFT_ATTENTION_CUH
#include "quantised.cuh"

#define OWN 4
#define OWN_ROWS 16
#define OTHERS 32
/* Threads, and blocks that a multiprocessor shall hold: asked for more, the compiler spills. */
#define ATTENTION_THREADS 128, 2

/* One layer; lengths in elements. */
struct Layer {
  int heads, kv_heads, head_dim, value_dim, window;
  float scale, cap, inverse_cap;
  int group, queries;
};

/* One block's work: a sequence and its first own row; five numbers a tile, made by the host. */
struct Work {
  int q_start, q_length, k_start, k_length, from;
  __device__ __forceinline__ explicit Work(const int *tiles) {
    const int *t = tiles + (i64)blockIdx.x * 5;
    q_start = t[0], q_length = t[1], k_start = t[2], k_length = t[3], from = t[4];
  }
  /* The position of query t among the keys. */
  __device__ __forceinline__ int position(int t) const { return k_length - q_length + t; }
};

DEVICE int padded(int dim) { return (dim + 3) / 4 * 4; }

DEVICE bool sees(int position, int key, int window) {
  return key <= position && (window == 0 || key > position - window);
}

/* Row `row` of x to shared memory, the padding 0; the lanes of a warp share it. */
DEVICE void stage(float *to, const void *x, int type, i64 row, int dim, bool there) {
#pragma unroll 1
  for (int d = lane(); d < padded(dim); d += 32) to[d] = there && d < dim ? load_row(x, type, row * dim + d) : 0;
}


/* dots[r] = own row r of the warp times the other row of this lane. */
DEVICE void dots(const float *own, int stride, const float *other, int dim, float *sum) {
#pragma unroll
  for (int r = 0; r < OWN; r++) sum[r] = 0;
#pragma unroll 2
  for (int d = 0; d < dim; d += 4) {
    float4 y = *(const float4 *)(other + d);
#pragma unroll
    for (int r = 0; r < OWN; r++) {
      float4 x = *(const float4 *)(own + r * stride + d);
      sum[r] += x.x * y.x + x.y * y.y + x.z * y.z + x.w * y.w;
    }
  }
}

/* acc[r] += sum over the others j of p[r][j] * rows[j], lane d having columns d, d + 32 .. of dim. */
template <int N> DEVICE void accumulate(float (*acc)[N], const float *p, const float *rows, int stride, int dim) {
#pragma unroll 4
  for (int j = 0; j < OTHERS; j++) {
#pragma unroll
    for (int i = 0; i < N; i++) {
      int d = lane() + i * 32;
      float v = d < dim ? rows[j * stride + d] : 0;
#pragma unroll
      for (int r = 0; r < OWN; r++) acc[r][i] += p[r * OTHERS + j] * v;
    }
  }
}

DEVICE float capped(const Layer &l, float score) { return l.cap > 0 ? l.cap * tanhf(score * l.inverse_cap) : score; }
#endif
