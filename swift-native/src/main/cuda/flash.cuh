/* What the attention kernels on tensor cores share. A block has 4 warps with 16 own rows each; rows lie in shared memory
 * in bf16, D elements and 8 more wide, so that eight neighbours are on different banks. The other rows come in turn into
 * one of two buffers while the other is computed with. Own rows, other rows and `Work` are as in attention.cuh. */
#ifndef SWIFT_FLASH_CUH
#define SWIFT_FLASH_CUH
#include "attention.cuh"
#include "tensor_cores.cuh"

#define FLASH_THREADS 128
/* Two blocks a multiprocessor: asked for more, the compiler spills. */
#define FLASH_BLOCK FLASH_THREADS, 2
#define FLASH_OWN 64
#define LOG2_E 1.4426950408889634f
#define LN_2 0.6931471805599453f

/* Widths in memory: whole products. */
DEVICE int flash_padded(int dim) { return (dim + 15) / 16 * 16; }

/* Starts the copy of `rows` rows of `dim` elements; row(r) is their index in x, or below 0 for zeros. */
template <int D, class Row> DEVICE void flash_fetch(bf16 *to, int rows, const bf16 *x, int dim, Row row) {
#pragma unroll 1
  for (int i = threadIdx.x; i < rows * (D / 8); i += FLASH_THREADS) {
    int r = i / (D / 8), c = i % (D / 8) * 8;
    if (c >= dim) continue;
    i64 from = row(r);
    copy_async(to + r * (D + 8) + c, x + (from < 0 ? 0 : from * dim + c), from >= 0);
  }
}

/* sums (16,8 N) = own (16,dim) others (8 N,dim)^T for the rows of one warp. */
template <int D, int N> DEVICE void flash_scores(float (*sums)[4], const bf16 *own, const bf16 *others, int dim) {
#pragma unroll
  for (int n = 0; n < N; n++)
    for (int e = 0; e < 4; e++) sums[n][e] = 0;
#pragma unroll
  for (int k = 0; k < D; k += 16) {
    if (k >= dim) break;
    unsigned a[4], b[4];
    load_left(a, own + k, D + 8);
#pragma unroll
    for (int n = 0; n < N; n += 2) {
      load_right(b, others + n * 8 * (D + 8) + k, D + 8);
      multiply_bf16(sums[n], a, b);
      multiply_bf16(sums[n + 1], a, b + 2);
    }
  }
}

/* acc (16,dim) += weights (16,8 N) others (8 N,dim). */
template <int D, int N>
DEVICE void flash_accumulate(float (*acc)[4], const float (*weights)[4], const bf16 *others, int dim) {
#pragma unroll
  for (int k = 0; k < N; k += 2) {
    unsigned a[4], b[4];
    as_left(a, weights[k], weights[k + 1]);
#pragma unroll
    for (int d = 0; d < D; d += 16) {
      if (d >= dim) break;
      load_right_transposed(b, others + k * 8 * (D + 8) + d, D + 8);
      multiply_bf16(acc[d / 8], a, b);
      multiply_bf16(acc[d / 8 + 1], a, b + 2);
    }
  }
}

/* Half h (0 or 1) of the rows of acc, times `factor`, to a row of float32. */
template <int D> DEVICE void flash_store(float *row, const float (*acc)[4], int h, float factor, int dim) {
#pragma unroll
  for (int n = 0; n < D / 8; n++)
    for (int c = 0; c < 2; c++) {
      int d = n * 8 + lane() % 4 * 2 + c;
      if (d < dim) row[d] = acc[n][h * 2 + c] * factor;
    }
}
#endif
