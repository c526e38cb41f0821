/* out = alpha op(a) op(b) + beta out in float32: blocks of 64 x 64, or 128 x 16 and 16 x 128 where one side is the rank of
 * an adapter, 256 threads, steps of 16 along k through shared memory. a is float32, b float32, bf16 or fp16. With parts,
 * block z sums its share of k into parts[z] (m,n), which swift_matmul_parts adds up: small outputs would leave most of the
 * device idle. Versions tried: this one only; no device was lent to measure on. */
#include "quantised.cuh"

#define DEPTH 16
/* Three blocks a multiprocessor: asked for more, the compiler spills. */
#define MATMUL_BLOCK 256, 3

/* Blocks of M x N results, RM x RN a thread. */
template <int M, int N, int RM, int RN> static __device__ __forceinline__ void matmul(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 each, float *parts) {
  __shared__ float as[DEPTH][M + 4], bs[DEPTH][N + 4];
  i64 m0 = (i64)blockIdx.x * M, n0 = (i64)blockIdx.y * N;
  i64 from = blockIdx.z * each, to = min(k, from + each);
  int t = threadIdx.x, tm = t / (N / RN) * RM, tn = t % (N / RN) * RN;
  float sum[RM][RN] = {};
  for (i64 k0 = from; k0 < to; k0 += DEPTH) {
#pragma unroll 2
    for (int i = t; i < M * DEPTH; i += 256) {
      int row = ta ? i % M : i / DEPTH, step = ta ? i / M : i % DEPTH;
      i64 r = m0 + row, s = k0 + step;
      as[step][row] = r < m && s < to ? a[ta ? s * m + r : r * k + s] : 0;
    }
#pragma unroll 2
    for (int i = t; i < N * DEPTH; i += 256) {
      int row = tb ? i / DEPTH : i % N, step = tb ? i % DEPTH : i / N;
      i64 r = n0 + row, s = k0 + step;
      bs[step][row] = r < n && s < to ? load(b, type, tb ? r * k + s : s * n + r) : 0;
    }
    __syncthreads();
    for (int s = 0; s < DEPTH; s++) {
      float x[RM], y[RN];
      for (int i = 0; i < RM; i++) x[i] = as[s][tm + i];
      for (int j = 0; j < RN; j++) y[j] = bs[s][tn + j];
      for (int i = 0; i < RM; i++)
        for (int j = 0; j < RN; j++) sum[i][j] += x[i] * y[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < RM; i++)
    for (int j = 0; j < RN; j++) {
      i64 r = m0 + tm + i, c = n0 + tn + j;
      if (r >= m || c >= n) continue;
      if (parts) {
        parts[(blockIdx.z * m + r) * n + c] = sum[i][j];
      } else {
        float old = beta == 0 ? 0 : beta * out[r * n + c];
        out[r * n + c] = alpha * sum[i][j] + old;
      }
    }
}

#define MATMUL(name, m_side, n_side, m_own, n_own) \
  BLOCK_KERNEL( \
      MATMUL_BLOCK, name, const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, \
      float beta, i64 each, float *parts) { \
    matmul<m_side, n_side, m_own, n_own>(a, ta, b, type, tb, out, m, n, k, alpha, beta, each, parts); \
  }
MATMUL(swift_matmul, 64, 64, 4, 4)
MATMUL(swift_matmul_tall, 128, 16, 4, 2)
MATMUL(swift_matmul_flat, 16, 128, 2, 4)

KERNEL(swift_matmul_parts, const float *parts, i64 count, float *out, float alpha, float beta, i64 n) {
  EACH(i, n) {
    float sum = 0;
    for (i64 p = 0; p < count; p++) sum += parts[p * n + i];
    out[i] = alpha * sum + (beta == 0 ? 0 : beta * out[i]);
  }
}
