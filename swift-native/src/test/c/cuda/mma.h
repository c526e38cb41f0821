/* Warp matrices: the first lane holds and computes all of one, so that the use of them, not their layout, is tested. */
#ifndef EMULATOR_MMA_H
#define EMULATOR_MMA_H
#include "cuda_bf16.h"

namespace nvcuda {
namespace wmma {
struct row_major {};
struct col_major {};
struct matrix_a {};
struct matrix_b {};
struct accumulator {};
namespace precision {
struct tf32 {};
} // namespace precision
enum layout_t { mem_row_major, mem_col_major };

template <class T> struct Memory {
  typedef T type;
};
template <> struct Memory<precision::tf32> {
  typedef float type;
};
inline float widen(__nv_bfloat16 v) {
  unsigned bits = (unsigned)v.bits << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
inline float widen(float v) { return v; }
inline float __float_to_tf32(float v) {
  unsigned bits;
  memcpy(&bits, &v, 4);
  bits = (bits + 0x1000) & ~0x1fffu;
  memcpy(&v, &bits, 4);
  return v;
}
inline bool first() { return (emulator::thread.x & 31) == 0; }

template <class Use, int M, int N, int K, class T, class Layout = void> struct fragment {
  static const int num_elements = 256;
  float x[256];
};
template <class Use, int M, int N, int K, class T, class Layout>
inline void fill_fragment(fragment<Use, M, N, K, T, Layout> &f, float v) {
  if (first())
    for (int i = 0; i < M * N; i++) f.x[i] = v;
}
template <class L> struct Major;
template <> struct Major<row_major> {
  static const bool rows = true;
};
template <> struct Major<col_major> {
  static const bool rows = false;
};
template <class L> inline long at(int r, int c, unsigned ld) { return Major<L>::rows ? (long)r * ld + c : (long)c * ld + r; }

template <int M, int N, int K, class T, class L>
inline void load_matrix_sync(fragment<matrix_a, M, N, K, T, L> &f, const typename Memory<T>::type *p, unsigned ld) {
  if (first())
    for (int m = 0; m < M; m++)
      for (int k = 0; k < K; k++) f.x[m * K + k] = widen(p[at<L>(m, k, ld)]);
}
template <int M, int N, int K, class T, class L>
inline void load_matrix_sync(fragment<matrix_b, M, N, K, T, L> &f, const typename Memory<T>::type *p, unsigned ld) {
  if (first())
    for (int n = 0; n < N; n++)
      for (int k = 0; k < K; k++) f.x[n * K + k] = widen(p[at<L>(k, n, ld)]);
}
template <int M, int N, int K>
inline void load_matrix_sync(fragment<accumulator, M, N, K, float> &f, const float *p, unsigned ld, layout_t) {
  if (first())
    for (int m = 0; m < M; m++)
      for (int n = 0; n < N; n++) f.x[m * N + n] = p[m * (long)ld + n];
}
template <int M, int N, int K, class T, class A, class B>
inline void mma_sync(
    fragment<accumulator, M, N, K, float> &d, const fragment<matrix_a, M, N, K, T, A> &a,
    const fragment<matrix_b, M, N, K, T, B> &b, const fragment<accumulator, M, N, K, float> &c) {
  if (!first()) return;
  for (int m = 0; m < M; m++)
    for (int n = 0; n < N; n++) {
      float sum = c.x[m * N + n];
      for (int k = 0; k < K; k++) sum += a.x[m * K + k] * b.x[n * K + k];
      d.x[m * N + n] = sum;
    }
}
template <int M, int N, int K>
inline void store_matrix_sync(float *p, const fragment<accumulator, M, N, K, float> &f, unsigned ld, layout_t) {
  if (first())
    for (int m = 0; m < M; m++)
      for (int n = 0; n < N; n++) p[m * (long)ld + n] = f.x[m * N + n];
}
} // namespace wmma
} // namespace nvcuda
#endif
