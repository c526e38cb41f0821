/* The product on tensor cores (sm_80 and later): blocks of 128 x 128, 8 warps with 32 x 64 results each, two buffers in
 * shared memory. swift_matmul_bf16 rounds a to bf16 beside weights of bf16; swift_matmul_tf32 keeps 10 bits of both
 * sides of float32 or fp16. The plain twin is swift_matmul. */
#include "tensor_cores.cuh"

struct Bf16 {
  typedef bf16 Cell;
  static __device__ __forceinline__ Cell cell(float v) { return (bf16)pack_bf16(v, 0); }
  static __device__ __forceinline__ void four(Cell *to, const float *v) {
    *(u64 *)to = pack_bf16(v[0], v[1]) | (u64)pack_bf16(v[2], v[3]) << 32;
  }
  static __device__ __forceinline__ void multiply(float *sums, const unsigned *a, const unsigned *b) {
    multiply_bf16(sums, a, b);
  }
};
struct Tf32 {
  typedef float Cell;
  static __device__ __forceinline__ Cell cell(float v) { return to_tf32(v); }
  static __device__ __forceinline__ void four(Cell *to, const float *v) {
    *(float4 *)to = make_float4(to_tf32(v[0]), to_tf32(v[1]), to_tf32(v[2]), to_tf32(v[3]));
  }
  static __device__ __forceinline__ void multiply(float *sums, const unsigned *a, const unsigned *b) {
    multiply_tf32(sums, a, b);
  }
};

/* Halves of a row in a buffer that are of k, that one instruction takes, and with those that keep rows on different
 * banks. A cell of TF32 is two halves. */
#define HALVES 32
#define HALVES_AT_ONCE 16
#define ROW 40

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
  static const int STEP = HALVES * 2 / sizeof(typename T::Cell), LD = ROW * 2 / sizeof(typename T::Cell);
  static const int COUNT = SIDE * STEP / 1024;
  float v[COUNT][4];

  __device__ __forceinline__ void read(
      const void *x, int type, bool k_inner, i64 rows, i64 k, i64 row0, i64 k0, i64 k_end, bool wide) {
#pragma unroll
    for (int e = 0; e < COUNT; e++) {
      int i = (threadIdx.x + e * 256) * 4;
      i64 r = row0 + (k_inner ? i / STEP : i % SIDE), s = k0 + (k_inner ? i % STEP : i / SIDE);
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
#pragma unroll
    for (int e = 0; e < COUNT; e++) {
      int i = (threadIdx.x + e * 256) * 4;
      if (k_inner) {
        T::four(tile + i / STEP * LD + i % STEP, v[e]);
      } else {
        for (int j = 0; j < 4; j++) tile[(i % SIDE + j) * LD + i / SIDE] = T::cell(v[e][j]);
      }
    }
  }
};

/* One result, or two neighbours. */
DEVICE void put_pair(float *to, const float *sums, bool both, float alpha, float beta) {
  float x = alpha * sums[0] + (beta == 0 ? 0 : beta * to[0]);
  if (!both) {
    to[0] = x;
    return;
  }
  float y = alpha * sums[1] + (beta == 0 ? 0 : beta * to[1]);
  if ((u64)to % 8 == 0) {
    *(float2 *)to = make_float2(x, y);
  } else {
    to[0] = x;
    to[1] = y;
  }
}

template <class T> static __device__ __forceinline__ void tensor_matmul(
    const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, float beta,
    i64 each, float *parts, int wide) {
  typedef typename T::Cell Cell;
  const int STEP = Fetch<T>::STEP, TILE_CELLS = SIDE * Fetch<T>::LD;
  __shared__ __align__(16) Cell cells[4 * TILE_CELLS];
  i64 m0 = (i64)blockIdx.x * SIDE, n0 = (i64)blockIdx.y * SIDE;
  i64 from = blockIdx.z * each, to = min(k, from + each);
  int wm = warp() / 2 * 32, wn = warp() % 2 * 64;
  float sum[2][8][4] = {};
  Fetch<T> fa, fb;
  fa.read(a, F32, !ta, m, k, m0, from, to, wide & 1);
  fb.read(b, type, tb, n, k, n0, from, to, wide & 2);
  fa.write(cells, !ta);
  fb.write(cells + TILE_CELLS, tb);
  __syncthreads();
  int buffer = 0;
  for (i64 k0 = from; k0 < to; k0 += STEP) {
    bool more = k0 + STEP < to;
    if (more) {
      fa.read(a, F32, !ta, m, k, m0, k0 + STEP, to, wide & 1);
      fb.read(b, type, tb, n, k, n0, k0 + STEP, to, wide & 2);
    }
    const bf16 *as = (const bf16 *)(cells + buffer * 2 * TILE_CELLS), *bs = as + SIDE * ROW;
#pragma unroll
    for (int s = 0; s < HALVES; s += HALVES_AT_ONCE) {
      unsigned fx[2][4], fy[4][4];
      for (int i = 0; i < 2; i++) load_left(fx[i], as + (wm + i * 16) * ROW + s, ROW);
      for (int j = 0; j < 4; j++) load_right(fy[j], bs + (wn + j * 16) * ROW + s, ROW);
#pragma unroll
      for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) T::multiply(sum[i][j], fx[i], fy[j / 2] + j % 2 * 2);
    }
    buffer ^= 1;
    if (more) {
      fa.write(cells + buffer * 2 * TILE_CELLS, !ta);
      fb.write(cells + (buffer * 2 + 1) * TILE_CELLS, tb);
    }
    __syncthreads();
  }
  float *results = parts ? parts + blockIdx.z * m * n : out;
#pragma unroll
  for (int i = 0; i < 2; i++)
#pragma unroll
    for (int j = 0; j < 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e += 2) {
        i64 r = m0 + wm + i * 16 + lane() / 4 + e * 4, c = n0 + wn + j * 8 + lane() % 4 * 2;
        if (r < m && c < n)
          put_pair(results + r * n + c, &sum[i][j][e], c + 1 < n, parts ? 1 : alpha, parts ? 0 : beta);
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
