/* Instructions of sm_80 and later by which a warp multiplies small matrices of bf16 (PTX ISA: mma.m16n8k16, ldmatrix,
 * cp.async) or TF32 (mma.m16n8k8). They need no header, so NVRTC compiles them too. Of a result (16,8), lane
 * 4 g + t has the columns 2 t and 2 t + 1 of row g in elements 0 and 1 and of row g + 8 in elements 2 and 3. */
#ifndef SWIFT_TENSOR_CORES_CUH
#define SWIFT_TENSOR_CORES_CUH
#include "common.cuh"

typedef unsigned short bf16;

#ifndef SWIFT_EMULATOR
DEVICE unsigned shared_address(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }
#endif

/* Two neighbours, the first in the low half. */
DEVICE unsigned pack_bf16(float first, float second) {
#ifdef SWIFT_EMULATOR
  return to_bf16(first) | (unsigned)to_bf16(second) << 16;
#else
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  return both;
#endif
}

/* To ten bits after the point, halves away from zero. */
DEVICE float to_tf32(float v) {
#ifdef SWIFT_EMULATOR
  return v != v ? v : __int_as_float_((bits_of(v) + 0x1000) & ~0x1fffu);
#else
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
  return __int_as_float_(bits);
#endif
}

/* Four matrices (8,8), from rows that begin at multiples of 16 bytes. */
template <bool transposed> DEVICE void load_matrices(unsigned *to, const bf16 *row) {
#ifdef SWIFT_EMULATOR
  emulator::load_matrices(to, row, transposed);
#else
  if (transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/* The left side (16,16) from rows of `stride`. Here and in load_right eight numbers of TF32 move as sixteen of bf16. */
DEVICE void load_left(unsigned *a, const bf16 *x, int stride) {
  load_matrices<false>(a, x + lane() % 16 * stride + lane() / 16 * 8);
}

/* The right side of two results, (16,8) each, from x (n,k): b[0..1] for the first eight n, b[2..3] for the others. */
DEVICE void load_right(unsigned *b, const bf16 *x, int stride) {
  load_matrices<false>(b, x + (lane() % 8 + lane() / 16 * 8) * stride + lane() / 8 % 2 * 8);
}

/* The same from x (k,n). */
DEVICE void load_right_transposed(unsigned *b, const bf16 *x, int stride) {
  load_matrices<true>(b, x + lane() % 16 * stride + lane() / 16 * 8);
}

/* sums += a b */
DEVICE void multiply_bf16(float *sums, const unsigned *a, const unsigned *b) {
#ifdef SWIFT_EMULATOR
  emulator::multiply_bf16(sums, a, b);
#else
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* sums += a b for a (16,8) and b (8,8) of TF32 */
DEVICE void multiply_tf32(float *sums, const unsigned *a, const unsigned *b) {
#ifdef SWIFT_EMULATOR
  emulator::multiply_tf32(sums, a, b);
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* Two results side by side as the left side of the next product. */
DEVICE void as_left(unsigned *a, const float *first, const float *second) {
  a[0] = pack_bf16(first[0], first[1]), a[1] = pack_bf16(first[2], first[3]);
  a[2] = pack_bf16(second[0], second[1]), a[3] = pack_bf16(second[2], second[3]);
}

/* Sixteen bytes to shared memory, zeros if they are not there; they arrive before a wait_copies that follows. */
DEVICE void copy_async(void *to, const void *from, bool there) {
#ifdef SWIFT_EMULATOR
  emulator::copy16(to, from, there);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(there ? 16 : 0)
               : "memory");
#endif
}

/* Ends a group of copies. */
DEVICE void end_copies() {
#ifndef SWIFT_EMULATOR
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits for all groups but the last. */
DEVICE void wait_copies() {
#ifndef SWIFT_EMULATOR
  asm volatile("cp.async.wait_group 1;" ::: "memory");
#endif
}
#endif
