/* out = alpha op(a) op(b) + beta out in float32: blocks of 64 x 64, 256 threads with 4 x 4 results each, steps of 16
 * along k through shared memory. a is float32, b float32, bf16 or fp16. With parts, block z sums its share of k into
 * parts[z] (m,n), which swift_matmul_parts adds up: small outputs would leave most of the device idle.
 * Versions tried: this one only; no device was lent to measure on. */
#include "quantised.cuh"

#define TILE 64
#define DEPTH 16

BLOCK_KERNEL(
    256, swift_matmul, const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k,
    float alpha, float beta, i64 each, float *parts) {
  __shared__ float as[DEPTH][TILE + 4], bs[DEPTH][TILE + 4];
  i64 m0 = (i64)blockIdx.x * TILE, n0 = (i64)blockIdx.y * TILE;
  i64 from = blockIdx.z * each, to = min(k, from + each);
  int t = threadIdx.x, tm = t / 16 * 4, tn = t % 16 * 4;
  float sum[4][4] = {};
  for (i64 k0 = from; k0 < to; k0 += DEPTH) {
    for (int e = 0; e < 4; e++) {
      int i = t + e * 256;
      int row = ta ? i % TILE : i / DEPTH, step = ta ? i / TILE : i % DEPTH;
      i64 r = m0 + row, s = k0 + step;
      as[step][row] = r < m && s < to ? a[ta ? s * m + r : r * k + s] : 0;
      row = tb ? i / DEPTH : i % TILE, step = tb ? i % DEPTH : i / TILE;
      r = n0 + row, s = k0 + step;
      bs[step][row] = r < n && s < to ? load(b, type, tb ? r * k + s : s * n + r) : 0;
    }
    __syncthreads();
    for (int s = 0; s < DEPTH; s++) {
      float x[4], y[4];
      for (int i = 0; i < 4; i++) x[i] = as[s][tm + i], y[i] = bs[s][tn + i];
      for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) sum[i][j] += x[i] * y[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
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

KERNEL(swift_matmul_parts, const float *parts, i64 count, float *out, float alpha, float beta, i64 n) {
  EACH(i, n) {
    float sum = 0;
    for (i64 p = 0; p < count; p++) sum += parts[p * n + i];
    out[i] = alpha * sum + (beta == 0 ? 0 : beta * out[i]);
  }
}
