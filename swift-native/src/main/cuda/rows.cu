/* Kernels with one block a row (x is (rows,columns)); every sum is a tree over the block, whose width depends on the
 * number of columns only, so that the same row has the same bits in any batch. */
#include "functions.cuh"

#define ROW_THREADS 256

KERNEL(swift_add_parts, const float *parts, i64 count, i64 columns, float *out, float beta, i64 n) {
  EACH(c, n) {
    float sum = 0;
    for (i64 p = 0; p < count; p++) sum += parts[p * columns + c];
    out[c] = beta == 0 ? sum : sum + beta * out[c];
  }
}

/* Part p of the sum over rows: rows [p * each, (p + 1) * each). grid (columns, parts) */
KERNEL(swift_sum_rows, const float *x, i64 rows, i64 columns, i64 each, float *parts) {
  i64 c = first_element(), from = blockIdx.y * each;
  if (c >= columns) return;
  float sum = 0;
  for (i64 r = from; r < min(rows, from + each); r++) sum += x[r * columns + c];
  parts[blockIdx.y * columns + c] = sum;
}

/* The same for the gradient of a norm's weights. */
KERNEL(
    swift_rms_norm_weights, const float *x, const float *rstd, const float *dy, i64 rows, i64 columns, i64 each,
    float *parts) {
  i64 c = first_element(), from = blockIdx.y * each;
  if (c >= columns) return;
  float sum = 0;
  for (i64 r = from; r < min(rows, from + each); r++) sum += dy[r * columns + c] * x[r * columns + c] * rstd[r];
  parts[blockIdx.y * columns + c] = sum;
}

BLOCK_KERNEL(ROW_THREADS, swift_reduce_columns, int maximum, const float *x, i64 columns, float *out) {
  const float *row = x + blockIdx.x * columns;
  float v = maximum ? NEGATIVE_INFINITY : 0;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) v = maximum ? Max::of(v, row[i]) : v + row[i];
  v = maximum ? block_reduce<Max>(v, NEGATIVE_INFINITY) : block_reduce<Sum>(v, 0.0f);
  if (threadIdx.x == 0) out[blockIdx.x] = v;
}

DEVICE float row_max(const float *row, i64 columns) {
  float most = NEGATIVE_INFINITY;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) most = Max::of(most, row[i]);
  return block_reduce<Max>(most, NEGATIVE_INFINITY);
}

DEVICE float row_exp_sum(const float *row, i64 columns, float most) {
  float sum = 0;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) sum += expf(row[i] - most);
  return block_reduce<Sum>(sum, 0.0f);
}

BLOCK_KERNEL(ROW_THREADS, swift_softmax, const float *x, i64 columns, float *out) {
  const float *row = x + blockIdx.x * columns;
  float *to = out + blockIdx.x * columns;
  float most = row_max(row, columns);
  float inverse = 1 / row_exp_sum(row, columns, most);
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) to[i] = expf(row[i] - most) * inverse;
}

/* nll = log(sum exp) - logit of the label; the logits become their gradients if grad_scale is there. */
BLOCK_KERNEL(
    ROW_THREADS, swift_cross_entropy, float *logits, i64 columns, const int *labels, float *nll,
    const float *grad_scale) {
  float *row = logits + blockIdx.x * columns;
  int label = labels[blockIdx.x];
  if (label < 0 || label >= columns) {
    for (i64 i = threadIdx.x; grad_scale && i < columns; i += blockDim.x) row[i] = 0;
    if (threadIdx.x == 0) nll[blockIdx.x] = 0;
    return;
  }
  float most = row_max(row, columns);
  float sum = row_exp_sum(row, columns, most);
  float target = row[label];
  __syncthreads();
  if (threadIdx.x == 0) nll[blockIdx.x] = logf(sum) + (most - target);
  if (!grad_scale) return;
  float scale = grad_scale[blockIdx.x], inverse = 1 / sum;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) {
    float p = expf(row[i] - most) * inverse;
    row[i] = (i == label ? p - 1 : p) * scale;
  }
}

/* y = x / sqrt(mean(x^2) + eps) * (w + shift), arXiv 1910.07467; rstd may be null. */
BLOCK_KERNEL(
    ROW_THREADS, swift_rms_norm, const float *x, const void *w, int type, float shift, float eps, float *y, float *rstd,
    i64 columns) {
  const float *row = x + blockIdx.x * columns;
  float *to = y + blockIdx.x * columns;
  float sum = 0;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) sum += row[i] * row[i];
  float factor = 1 / sqrtf(block_reduce<Sum>(sum, 0.0f) / columns + eps);
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) to[i] = row[i] * factor * (load(w, type, i) + shift);
  if (rstd && threadIdx.x == 0) rstd[blockIdx.x] = factor;
}

BLOCK_KERNEL(
    ROW_THREADS, swift_rms_norm_backward, const float *x, const void *w, int type, float shift, const float *rstd,
    const float *dy, float *dx, i64 columns) {
  const float *row = x + blockIdx.x * columns, *up = dy + blockIdx.x * columns;
  float *to = dx + blockIdx.x * columns;
  float factor = rstd[blockIdx.x], dot = 0;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) dot += up[i] * (load(w, type, i) + shift) * row[i];
  float back = block_reduce<Sum>(dot, 0.0f) / columns * factor * factor;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x)
    to[i] = factor * (up[i] * (load(w, type, i) + shift) - row[i] * back);
}

/* parts[b] = sum of the squares of elements [b * each, (b + 1) * each), in double. */
BLOCK_KERNEL(ROW_THREADS, swift_sum_squares, const float *x, i64 n, i64 each, double *parts) {
  i64 from = blockIdx.x * each, to = min(n, from + each);
  double sum = 0;
  for (i64 i = from + threadIdx.x; i < to; i += blockDim.x) sum += (double)x[i] * x[i];
  sum = block_reduce<Sum>(sum, 0.0);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

BLOCK_KERNEL(ROW_THREADS, swift_add_doubles, const double *parts, i64 n, double *out) {
  double sum = 0;
  for (i64 i = threadIdx.x; i < n; i += blockDim.x) sum += parts[i];
  sum = block_reduce<Sum>(sum, 0.0);
  if (threadIdx.x == 0) *out = sum;
}

/* The first of the greatest elements of a row; -1 if one is NaN or none is above negative infinity. A pair of value and
 * place is one number that orders as they do: the greater value, of equals the smaller place. */
BLOCK_KERNEL(ROW_THREADS, swift_argmax, const float *x, i64 columns, int *out) {
  const float *row = x + blockIdx.x * columns;
  u64 best = 0;
  for (i64 i = threadIdx.x; i < columns; i += blockDim.x) {
    float v = row[i];
    unsigned bits = bits_of(v == 0 ? 0.0f : v); /* -0 equals 0 */
    bits = bits >> 31 ? ~bits : bits | 0x80000000;
    u64 own = v != v ? ~0ull : (u64)bits << 32 | (0xffffffffu - (unsigned)i);
    best = own > best ? own : best;
  }
  best = block_reduce<Greatest>(best, (u64)0);
  /* The key of negative infinity has 0x007fffff above. */
  if (threadIdx.x == 0)
    out[blockIdx.x] = best == ~0ull || best >> 32 <= 0x007fffff ? -1 : (int)(0xffffffffu - (unsigned)best);
}

/* *flag becomes 0 if an element is NaN or infinite; whoever writes, writes the same. */
KERNEL(swift_is_finite, const float *x, int *flag, i64 n) {
  EACH(i, n) if (!is_finite(x[i])) *flag = 0;
}
