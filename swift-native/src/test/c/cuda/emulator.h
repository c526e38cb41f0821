/* CUDA's C++ on one CPU thread: blocks run one after the other, the threads of a block as fibers where a kernel has
 * barriers, else as a loop. Forced in front of the unchanged .cu files by build.sh. Warp functions must be reached by
 * all lanes of a warp; a barrier that not all threads reach fails the launch. */
#ifndef EMULATOR_H
#define EMULATOR_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SWIFT_EMULATOR 1
#define __device__
#define __global__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __restrict__
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static

namespace emulator {
struct Dim {
  unsigned x, y, z;
};
extern Dim thread, block, block_size, grid_size;
/* The dynamic shared memory of the running block. */
extern unsigned char *dynamic;
enum Wait { WARP, BLOCK };
void wait(Wait what);
/* A slot of the running thread, and of a lane of its warp, for the exchange of values; those of a warp lie side by side. */
struct Slot {
  float values[12];
} __attribute__((aligned(16)));
void *own_slot();
const void *lane_slot(unsigned lane);
void fail(const char *reason);

struct Kernel {
  const char *name;
  void (*call)(void **arguments);
  bool barriers;
  int parameters;
  const Kernel *next;
  Kernel(const char *name, void (*call)(void **), bool barriers, int parameters);
};
/* The host address behind a device address; fails the launch if there is no such memory. */
void *resolve(uint64_t address);

template <class T> struct Argument {
  static T take(void *p) { return *(T *)p; }
};
template <class T> struct Argument<T *> {
  static T *take(void *p) { return (T *)resolve(*(uint64_t *)p); }
};
template <int... I> struct Indices {};
template <int N, int... I> struct Count : Count<N - 1, N - 1, I...> {};
template <int... I> struct Count<0, I...> {
  typedef Indices<I...> type;
};
/* Addresses are resolved once a launch; the kernel is then called for each thread. */
template <class... A> struct Call {
  template <void (*F)(A...), int... I> static void with(void **p, Indices<I...>) { F((*(A *)p[I])...); }
  template <void (*F)(A...)> static void run(void **p) { with<F>(p, typename Count<sizeof...(A)>::type()); }
  template <int... I> static void unpack(void **p, uint64_t *values, void **pointers, Indices<I...>) {
    int unused[] = {0, (store(Argument<A>::take(p[I]), values + I), pointers[I] = values + I, 0)...};
    (void)unused;
  }
  template <class T> static void store(T value, uint64_t *slot) {
    *slot = 0;
    memcpy(slot, &value, sizeof(T));
  }
};
template <class... A> void unpack(void (*)(A...), void **p, uint64_t *values, void **pointers) {
  Call<A...>::unpack(p, values, pointers, typename Count<sizeof...(A)>::type());
}
void launch(void (*body)(void **), void **pointers, bool barriers);
} // namespace emulator

#define SWIFT_REGISTER(name, barriers, ...) \
  extern "C" void name(__VA_ARGS__); \
  template <class... A> static void name##_run(void **p) { emulator::Call<A...>::template run<name>(p); } \
  template <class... A> static void name##_go(void (*f)(A...), void **p) { \
    uint64_t values[sizeof...(A)]; \
    void *pointers[sizeof...(A)]; \
    emulator::unpack(f, p, values, pointers); \
    emulator::launch(name##_run<A...>, pointers, barriers); \
  } \
  static void name##_call(void **p) { name##_go(name, p); } \
  template <class... A> static int name##_count(void (*)(A...)) { return sizeof...(A); } \
  static emulator::Kernel name##_kernel(#name, name##_call, barriers, name##_count(name)); \
  extern "C" void name(__VA_ARGS__)
#define KERNEL(name, ...) SWIFT_REGISTER(name, false, __VA_ARGS__)
#define BLOCK_KERNEL(threads, name, ...) SWIFT_REGISTER(name, true, __VA_ARGS__)
#define DYNAMIC_SHARED(type, name) type *name = (type *)emulator::dynamic

#define threadIdx emulator::thread
#define blockIdx emulator::block
#define blockDim emulator::block_size
#define gridDim emulator::grid_size

inline void __syncthreads() { emulator::wait(emulator::BLOCK); }
inline void __syncwarp() { emulator::wait(emulator::WARP); }

template <class T> inline T __shfl_sync(unsigned, T value, int lane) {
  memcpy(emulator::own_slot(), &value, sizeof(T));
  emulator::wait(emulator::WARP);
  memcpy(&value, emulator::lane_slot(lane & 31), sizeof(T));
  return value;
}

template <class T> inline T __shfl_xor_sync(unsigned mask, T value, int bits) {
  return __shfl_sync(mask, value, (int)(threadIdx.x & 31) ^ bits);
}

inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline int atomicMin(int *p, int value) {
  int old = *p;
  if (value < old) *p = value;
  return old;
}
template <class T> inline T min(T a, T b) { return b < a ? b : a; }
template <class T> inline T max(T a, T b) { return a < b ? b : a; }
struct float2 {
  float x, y;
} __attribute__((aligned(8)));
struct float4 {
  float x, y, z, w;
} __attribute__((aligned(16)));
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
struct uint4 {
  unsigned x, y, z, w;
} __attribute__((aligned(16)));
#include "instructions.h"
#endif
