/* The kernels of the CPU device: one table of functions for each instruction set, chosen at run time.
 * Arguments are checked in Java. "from, to" are elements, rows or columns of the output, as in Kernels.java. */
#ifndef SWIFTK_H
#define SWIFTK_H
#include <stddef.h>
#include <stdint.h>

/* clang has no #pragma GCC target: it makes the baseline only. */
#if defined(__x86_64__) && !defined(__clang__)
#define SWIFTK_X86 1
#else
#define SWIFTK_X86 0
#endif
/* The names of the features in cpuid.h came with gcc 11; build.sh defines it as 0 where the assembler does not know tiles. */
#ifndef SWIFTK_AMX
#if SWIFTK_X86 && defined(__linux__) && __GNUC__ >= 11
#define SWIFTK_AMX 1
#else
#define SWIFTK_AMX 0
#endif
#endif

typedef long long i64;
/* Types from TILED on are tiles, see tiles.h. */
enum { F32 = 0, BF16 = 1, F16 = 2, NF4 = 5, Q8B = 6, F8E4 = 7, F8E5 = 8, F8B = 9, TILED = 16, TILED6 = 28 };
enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM };
enum { NEGATE, EXP, LOG, SQRT, RSQRT, RECIPROCAL, SQUARE, RELU, SIGMOID, TANH, SILU, GELU, GELU_TANH };

/* One attention layer and one of its sequences. */
typedef struct {
  i64 heads, kv_heads, head_dim, value_dim, window;
  i64 queries, q_start, q_length, k_start, k_length;
  float scale, soft_cap;
} attention_t;

#define KERNELS(X) \
  X(void, fill, (float *x, float value, i64 from, i64 to), (x, value, from, to)) \
  X(void, cast, (const void *x, int type, void *out, int out_type, i64 from, i64 to), \
    (x, type, out, out_type, from, to)) \
  X(int, quantize, (const void *x, int type, i64 rows, i64 columns, void *out, int out_type, i64 from, i64 to), \
    (x, type, rows, columns, out, out_type, from, to)) \
  X(int, matmul, (const float *a, int ta, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, \
    float alpha, float beta, i64 m0, i64 m1, i64 n0, i64 n1), \
    (a, ta, b, type, tb, out, m, n, k, alpha, beta, m0, m1, n0, n1)) \
  X(i64, packed, (i64 m, i64 k), (m, k)) \
  X(void, pack, (const float *a, i64 m, i64 k, i64 first, i64 last, float *out, i64 from, i64 to, i64 parts), \
    (a, m, k, first, last, out, from, to, parts)) \
  X(int, matmul_packed, (const float *a, const void *b, int type, int tb, float *out, i64 m, i64 n, i64 k, float alpha, \
    float beta, i64 first, i64 last, i64 n0, i64 n1), \
    (a, b, type, tb, out, m, n, k, alpha, beta, first, last, n0, n1)) \
  X(void, binary, (int op, const float *a, const float *b, float *out, i64 columns, i64 b_row, i64 b_column, i64 from, \
    i64 to), (op, a, b, out, columns, b_row, b_column, from, to)) \
  X(void, unary, (int op, const float *x, float *out, i64 from, i64 to), (op, x, out, from, to)) \
  X(void, unary_backward, (int op, const float *x, const float *dy, float *dx, i64 from, i64 to), \
    (op, x, dy, dx, from, to)) \
  X(void, scale, (const float *x, float alpha, float *out, i64 from, i64 to), (x, alpha, out, from, to)) \
  X(void, axpy, (float alpha, const float *x, float *y, i64 from, i64 to), (alpha, x, y, from, to)) \
  X(void, reduce_columns, (int op, const float *x, i64 columns, float *out, i64 from, i64 to), \
    (op, x, columns, out, from, to)) \
  X(void, sum_rows, (const float *x, i64 rows, i64 columns, float *out, float beta, i64 from, i64 to), \
    (x, rows, columns, out, beta, from, to)) \
  X(void, softmax, (const float *x, i64 columns, float *out, i64 from, i64 to), (x, columns, out, from, to)) \
  X(void, gather_rows, (const void *table, int type, i64 columns, const int32_t *ids, float *out, i64 from, i64 to), \
    (table, type, columns, ids, out, from, to)) \
  X(void, scatter_add_rows, (const float *rows, i64 n, i64 columns, const int32_t *ids, float *table, i64 from, \
    i64 to), (rows, n, columns, ids, table, from, to)) \
  X(int, scatter_rows, (const float *rows, i64 columns, const int32_t *ids, void *table, int type, i64 from, i64 to), \
    (rows, columns, ids, table, type, from, to)) \
  X(void, argmax, (const float *x, i64 columns, int32_t *out, i64 from, i64 to), (x, columns, out, from, to)) \
  X(double, sum_squares, (const float *x, i64 from, i64 to), (x, from, to)) \
  X(int, is_finite, (const float *x, i64 from, i64 to), (x, from, to)) \
  X(void, dropout, (const float *x, float p, i64 key, float *out, i64 from, i64 to), (x, p, key, out, from, to)) \
  X(void, rms_norm, (const float *x, const void *w, int type, float shift, float eps, float *y, float *rstd, \
    i64 columns, i64 from, i64 to), (x, w, type, shift, eps, y, rstd, columns, from, to)) \
  X(void, rms_norm_backward, (const float *x, const void *w, int type, float shift, const float *rstd, \
    const float *dy, float *dx, i64 columns, i64 from, i64 to), (x, w, type, shift, rstd, dy, dx, columns, from, to)) \
  X(void, rms_norm_weights, (const float *x, const float *rstd, const float *dy, float *dw, i64 rows, i64 columns, \
    i64 from, i64 to), (x, rstd, dy, dw, rows, columns, from, to)) \
  X(void, rope, (const float *x, i64 heads, i64 head_dim, const float *cosine, const float *sine, i64 half, \
    int interleaved, int inverse, float *out, i64 from, i64 to), \
    (x, heads, head_dim, cosine, sine, half, interleaved, inverse, out, from, to)) \
  X(void, gated, (int op, const float *gate, const float *up, float *out, i64 from, i64 to), \
    (op, gate, up, out, from, to)) \
  X(void, gated_backward, (int op, const float *gate, const float *up, const float *dout, float *dgate, float *dup, \
    i64 from, i64 to), (op, gate, up, dout, dgate, dup, from, to)) \
  X(int, attention, (const float *q, const void *k, const void *v, int type, const int32_t *pages, i64 page, \
    i64 heads, i64 kv_heads, i64 head_dim, i64 value_dim, i64 window, float scale, float soft_cap, int exact, \
    i64 queries, i64 q_start, i64 q_length, i64 k_start, i64 k_length, i64 head, i64 count, float *out, float *lse, \
    i64 from, i64 to), \
    (q, k, v, type, pages, page, heads, kv_heads, head_dim, value_dim, window, scale, soft_cap, exact, queries, q_start, \
    q_length, k_start, k_length, head, count, out, lse, from, to)) \
  X(int, attention_backward, (const float *q, const float *k, const float *v, i64 heads, i64 kv_heads, i64 head_dim, \
    i64 value_dim, i64 window, float scale, float soft_cap, int exact, i64 queries, i64 q_start, i64 q_length, \
    i64 k_start, i64 k_length, i64 kv_head, const float *out, const float *lse, const float *dout, float *dq, float *dk, \
    float *dv), (q, k, v, heads, kv_heads, head_dim, value_dim, window, scale, soft_cap, exact, queries, q_start, q_length, \
    k_start, k_length, kv_head, out, lse, dout, dq, dk, dv)) \
  X(void, cross_entropy, (float *logits, i64 columns, const int32_t *labels, float *nll, const float *grad_scale, \
    i64 from, i64 to), (logits, columns, labels, nll, grad_scale, from, to)) \
  X(void, adamw, (float *p, const float *g, float *m, float *v, float beta1, float rest1, float beta2, float rest2, \
    float decay, float size, float root, float eps, float grad_scale, i64 from, i64 to), \
    (p, g, m, v, beta1, rest1, beta2, rest2, decay, size, root, eps, grad_scale, from, to))

#define MEMBER(result, name, parameters, arguments) result (*name) parameters;
typedef struct {
  const char *name;
  KERNELS(MEMBER)
} kernels_t;
#undef MEMBER

/* Scratch memory that is kept for the next call: fresh pages would cost more than many a kernel. */
void *swiftk_take(size_t bytes);
void swiftk_give(void *p);

/* Those of the chosen instruction set. */
extern const kernels_t *swiftk_chosen;
extern const kernels_t swiftk_baseline;
#if SWIFTK_X86
extern const kernels_t swiftk_avx2, swiftk_avx512, swiftk_amx;
#endif
#endif
