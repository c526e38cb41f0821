/* The product on tensor cores (sm_80 and later): blocks of 128 x 128, 8 warps with 32 x 64 results each, two buffers in
 * shared memory. swift_matmul_bf16 rounds a to bf16 beside weights of bf16; swift_matmul_tf32 keeps 10 bits of both
 * sides of float32 or fp16. The plain twin is swift_matmul. NVRTC has no mma.h: there the twin does all. */
#include "common.cuh"
#ifndef SWIFT_NO_TENSOR_CORES
#include <cuda_bf16.h>
#include <mma.h>

namespace wmma = nvcuda::wmma;

/* bf16: 32 elements of k in a buffer of 2 bytes each; tf32: 16 of 4. PAD keeps rows on different banks. */
struct Bf16 {
  typedef __nv_bfloat16 Fragment;
  typedef unsigned short Cell;
  static const int STEP = 32, K = 16, PAD = 8;
  static __device__ __forceinline__ Cell cell(float v) { return to_bf16(v); }
  static __device__ __forceinline__ const Fragment *memory(const Cell *p) { return (const Fragment *)p; }
};
struct Tf32 {
  typedef wmma::precision::tf32 Fragment;
  typedef float Cell;
  static const int STEP = 16, K = 8, PAD = 4;
  static __device__ __forceinline__ Cell cell(float v) { return wmma::__float_to_tf32(v); }
  static __device__ __forceinline__ const Cell *memory(const Cell *p) { return p; }
};

#define SIDE 128

#ifdef SWIFT_EMULATOR
#define RARELY
#else
#define RARELY __noinline__
#endif

/* Up to four neighbours one by one: at edges, and where rows do not begin at 16 bytes. */
static __device__ RARELY float4 fetch_some(const void *x, int type, i64 at, int count) {
  float4 v;
  v.x = load(x, type, at);
  v.y = count > 1 ? load(x, type, at + 1) : 0;
  v.z = count > 2 ? load(x, type, at + 2) : 0;
  v.w = count > 3 ? load(x, type, at + 3) : 0;
  return v;
}

/* What one thread fetches of a tile of SIDE rows and STEP columns, four neighbours along the side that is contiguous. */
template <class T> struct Fetch {
  static const int COUNT = SIDE * T::STEP / 1024;
  float v[COUNT][4];

  __device__ __forceinline__ void read(
      const void *x, int type, bool k_inner, i64 rows, i64 k, i64 row0, i64 k0, i64 k_end, bool wide) {
#pragma unroll
    for (int e = 0; e < COUNT; e++) {
      int i = (threadIdx.x + e * 256) * 4;
      i64 r = row0 + (k_inner ? i / T::STEP : i % SIDE), s = k0 + (k_inner ? i % T::STEP : i / SIDE);
      i64 inner = k_inner ? s : r, end = k_inner ? k_end : rows;
      bool inside = k_inner ? r < rows : s < k_end;
      i64 at = k_inner ? r * k + s : s * rows + r;
      float4 q = {0, 0, 0, 0};
      if (wide && inside && inner + 3 < end) {
        if (type == F32) {
          q = *(const float4 *)((const float *)x + at);
        } else {
          u64 h = *(const u64 *)((const unsigned short *)x + at);
          unsigned low = (unsigned)h, high = (unsigned)(h >> 32);
          if (type == BF16) {
            q.x = __int_as_float_(low << 16), q.y = __int_as_float_(low & 0xffff0000);
            q.z = __int_as_float_(high << 16), q.w = __int_as_float_(high & 0xffff0000);
          } else {
            q.x = from_f16((unsigned short)low), q.y = from_f16((unsigned short)(low >> 16));
            q.z = from_f16((unsigned short)high), q.w = from_f16((unsigned short)(high >> 16));
          }
        }
      } else if (inside && inner < end) {
        q = fetch_some(x, type, at, (int)min(end - inner, (i64)4));
      }
      v[e][0] = q.x, v[e][1] = q.y, v[e][2] = q.z, v[e][3] = q.w;
    }
  }

  /* To rows of k, whatever the source's order. */
  __device__ __forceinline__ void write(typename T::Cell *tile, bool k_inner) const {
    const int LD = T::STEP + T::PAD;
#pragma unroll
    for (int e = 0; e < COUNT; e++) {
      int i = (threadIdx.x + e * 256) * 4;
      for (int j = 0; j < 4; j++) {
        int row = k_inner ? i / T::STEP : i % SIDE + j, step = k_inner ? i % T::STEP + j : i / SIDE;
        tile[row * LD + step] = T::cell(v[e][j]);
      }
    }
  }
};

template <class T> static __device__ __forceinline__ void tensor_matmul(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 each, float *parts, int wide) {
  typedef typename T::Cell Cell;
  const int LD = T::STEP + T::PAD, TILE_CELLS = SIDE * LD;
  __shared__ __align__(32) Cell cells[4 * TILE_CELLS];
  i64 m0 = (i64)blockIdx.x * SIDE, n0 = (i64)blockIdx.y * SIDE;
  i64 from = blockIdx.z * each, to = min(k, from + each);
  int wm = warp() / 2 * 32, wn = warp() % 2 * 64;
  wmma::fragment<wmma::accumulator, 16, 16, T::K, float> sum[2][4];
#pragma unroll
  for (int i = 0; i < 2; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) wmma::fill_fragment(sum[i][j], 0.0f);
  Fetch<T> fa, fb;
  fa.read(a, F32, !ta, m, k, m0, from, to, wide & 1);
  fb.read(b, type, tb, n, k, n0, from, to, wide & 2);
  fa.write(cells, !ta);
  fb.write(cells + TILE_CELLS, tb);
  __syncthreads();
  int buffer = 0;
  for (i64 k0 = from; k0 < to; k0 += T::STEP) {
    bool more = k0 + T::STEP < to;
    if (more) {
      fa.read(a, F32, !ta, m, k, m0, k0 + T::STEP, to, wide & 1);
      fb.read(b, type, tb, n, k, n0, k0 + T::STEP, to, wide & 2);
    }
    const Cell *as = cells + buffer * 2 * TILE_CELLS, *bs = as + TILE_CELLS;
#pragma unroll
    for (int s = 0; s < T::STEP; s += T::K) {
      wmma::fragment<wmma::matrix_a, 16, 16, T::K, typename T::Fragment, wmma::row_major> fx[2];
      wmma::fragment<wmma::matrix_b, 16, 16, T::K, typename T::Fragment, wmma::col_major> fy[4];
      for (int i = 0; i < 2; i++) wmma::load_matrix_sync(fx[i], T::memory(as + (wm + i * 16) * LD + s), LD);
      for (int j = 0; j < 4; j++) wmma::load_matrix_sync(fy[j], T::memory(bs + (wn + j * 16) * LD + s), LD);
      for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) wmma::mma_sync(sum[i][j], fx[i], fy[j], sum[i][j]);
    }
    buffer ^= 1;
    if (more) {
      fa.write(cells + buffer * 2 * TILE_CELLS, !ta);
      fb.write(cells + (buffer * 2 + 1) * TILE_CELLS, tb);
    }
    __syncthreads();
  }
  /* Results leave through shared memory, for their place in a fragment is the compiler's secret. */
  float *stage = (float *)cells + warp() * (16 * 20);
#pragma unroll
  for (int i = 0; i < 2; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) {
      wmma::store_matrix_sync(stage, sum[i][j], 20, wmma::mem_row_major);
      __syncwarp();
      for (int e = lane(); e < 256; e += 32) {
        i64 r = m0 + wm + i * 16 + e / 16, c = n0 + wn + j * 16 + e % 16;
        if (r >= m || c >= n) continue;
        float v = stage[e / 16 * 20 + e % 16];
        if (parts)
          parts[(blockIdx.z * m + r) * n + c] = v;
        else
          out[r * n + c] = alpha * v + (beta == 0 ? 0 : beta * out[r * n + c]);
      }
      __syncwarp();
    }
}

BLOCK_KERNEL(
    256, swift_matmul_bf16, const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k,
    float alpha, float beta, i64 each, float *parts, int wide) {
  tensor_matmul<Bf16>(a, ta, b, type, tb, out, m, n, k, alpha, beta, each, parts, wide);
}

BLOCK_KERNEL(
    256, swift_matmul_tf32, const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k,
    float alpha, float beta, i64 each, float *parts, int wide) {
  tensor_matmul<Tf32>(a, ta, b, type, tb, out, m, n, k, alpha, beta, each, parts, wide);
}
#endif
