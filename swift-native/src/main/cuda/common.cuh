/* What all kernels share. A KERNEL has no barrier; a BLOCK_KERNEL has, and runs in blocks of up to `threads` threads, a
 * multiple of 32. The emulator in src/test/c/cuda gives both its own meaning, the sources stay the same. */
#ifndef SWIFT_COMMON_CUH
#define SWIFT_COMMON_CUH

typedef long long i64;
typedef unsigned long long u64;
/* Types from TILED on are tiles, see quantised.cuh; the numbers are those of src/main/c. */
enum { F32 = 0, BF16 = 1, F16 = 2, NF4 = 5, Q8B = 6, F8E4 = 7, F8E5 = 8, F8B = 9, TILED = 16, TILED6 = 28 };

#define DEVICE static __device__ __forceinline__
#ifndef SWIFT_EMULATOR
#define KERNEL(name, ...) extern "C" __global__ void name(__VA_ARGS__)
#define BLOCK_KERNEL(threads, name, ...) extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)
/* One array for all kernels: they differ in its type only. */
extern __shared__ __align__(16) unsigned char swift_dynamic[];
#define DYNAMIC_SHARED(type, name) type *name = (type *)swift_dynamic
#endif
#define ALL_LANES 0xffffffffu
#define NEGATIVE_INFINITY (-__int_as_float_(0x7f800000))

DEVICE float __int_as_float_(unsigned bits) {
#ifdef SWIFT_EMULATOR
  float f;
  memcpy(&f, &bits, 4);
  return f;
#else
  return __uint_as_float(bits);
#endif
}

DEVICE unsigned bits_of(float f) {
#ifdef SWIFT_EMULATOR
  unsigned bits;
  memcpy(&bits, &f, 4);
  return bits;
#else
  return __float_as_uint(f);
#endif
}

DEVICE float from_f16(unsigned short h) {
#ifdef SWIFT_EMULATOR
  _Float16 x;
  memcpy(&x, &h, 2);
  return (float)x;
#else
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
  return f;
#endif
}

DEVICE unsigned short to_f16(float f) {
#ifdef SWIFT_EMULATOR
  _Float16 x = (_Float16)f;
  unsigned short h;
  memcpy(&h, &x, 2);
  return h;
#else
  unsigned short h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
  return h;
#endif
}

DEVICE float from_bf16(unsigned short h) { return __int_as_float_((unsigned)h << 16); }

/* To nearest even, as the CPU does it: not a number stays one. */
DEVICE unsigned short to_bf16(float f) {
  unsigned bits = bits_of(f);
  if (f != f) return (unsigned short)(bits >> 16 | 0x40);
  return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

DEVICE bool is_finite(float f) { return (bits_of(f) & 0x7f800000) != 0x7f800000; }

/* Element i of an array of a float type. */
DEVICE float load(const void *x, int type, i64 i) {
  switch (type) {
    case F32: return ((const float *)x)[i];
    case BF16: return from_bf16(((const unsigned short *)x)[i]);
    default: return from_f16(((const unsigned short *)x)[i]);
  }
}

DEVICE void store(void *x, int type, i64 i, float value) {
  switch (type) {
    case F32: ((float *)x)[i] = value; break;
    case BF16: ((unsigned short *)x)[i] = to_bf16(value); break;
    default: ((unsigned short *)x)[i] = to_f16(value);
  }
}

/* The index of the first element of this thread, and how far the next one is. */
DEVICE i64 first_element() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
DEVICE i64 all_threads() { return (i64)gridDim.x * blockDim.x; }
/* Not unrolled: enough threads are under way, and the code stays small. */
#define EACH(i, n) _Pragma("unroll 1") for (i64 i = first_element(); i < (n); i += all_threads())

DEVICE int lane() { return threadIdx.x & 31; }
DEVICE int warp() { return threadIdx.x >> 5; }

struct Sum {
  template <class T> static __device__ __forceinline__ T of(T a, T b) { return a + b; }
};
/* Not a number stays. */
struct Max {
  static __device__ __forceinline__ float of(float a, float b) { return a > b || a != a ? a : b; }
};

struct Greatest {
  static __device__ __forceinline__ u64 of(u64 a, u64 b) { return a > b ? a : b; }
};

/* A tree over the lanes, the result in all of them: the order never changes. */
template <class Op, class T> DEVICE T warp_reduce(T v) {
  for (int bits = 16; bits > 0; bits >>= 1) v = Op::of(v, __shfl_xor_sync(ALL_LANES, v, bits));
  return v;
}

/* The same over a block of up to 1024 threads; every thread must come. */
template <class Op, class T> DEVICE T block_reduce(T v, T none) {
  v = warp_reduce<Op>(v);
  if (blockDim.x > 32) {
    __shared__ T parts[32];
    __syncthreads();
    if (lane() == 0) parts[warp()] = v;
    __syncthreads();
    v = warp_reduce<Op>(lane() < (int)blockDim.x / 32 ? parts[lane()] : none);
  }
  return v;
}
#endif
