/* One result an element, no sharing between threads. Memory bound: neighbours read neighbours. */
#include "functions.cuh"
#include "quantised.cuh"

KERNEL(swift_fill, float *x, float value, i64 n) {
  EACH(i, n) x[i] = value;
}

KERNEL(swift_cast, const void *x, int type, void *out, int out_type, i64 n) {
  EACH(i, n) {
    float v = load_row(x, type, i);
    if (out_type == F8E4 || out_type == F8E5)
      ((unsigned char *)out)[i] = to_f8(out_type, v);
    else
      store(out, out_type, i, v);
  }
}

/* Weights in tiles to rows. */
KERNEL(swift_widen_tiles, const void *x, int type, i64 columns, void *out, int out_type, i64 n) {
  EACH(i, n) store(out, out_type, i, load_tile(x, type, columns, i / columns, i % columns));
}

/* b's index is row * b_row + column * b_column; columns = 1 where a and b have one size or b is one element. */
KERNEL(
    swift_binary, int op, const float *a, const float *b, float *out, i64 columns, i64 b_row, i64 b_column, i64 n) {
  EACH(i, n) {
    i64 row = columns == 1 ? i : i / columns;
    out[i] = apply(op, a[i], b[row * b_row + (i - row * columns) * b_column]);
  }
}

KERNEL(swift_unary, int op, const float *x, float *out, i64 n) {
  EACH(i, n) out[i] = apply(op, x[i]);
}

KERNEL(swift_unary_backward, int op, const float *x, const float *dy, float *dx, i64 n) {
  EACH(i, n) dx[i] = dy[i] * derivative(op, x[i]);
}

KERNEL(swift_scale, const float *x, float alpha, float *out, i64 n) {
  EACH(i, n) out[i] = alpha * x[i];
}

KERNEL(swift_axpy, float alpha, const float *x, float *y, i64 n) {
  EACH(i, n) y[i] += alpha * x[i];
}

KERNEL(swift_gated, int op, const float *gate, const float *up, float *out, i64 n) {
  EACH(i, n) out[i] = apply(op, gate[i]) * up[i];
}

KERNEL(
    swift_gated_backward, int op, const float *gate, const float *up, const float *dout, float *dgate, float *dup,
    i64 n) {
  EACH(i, n) {
    float g = gate[i], u = up[i], d = dout[i];
    dgate[i] = d * u * derivative(op, g);
    dup[i] = d * apply(op, g);
  }
}

/* Uniform in [0,1) with 24 bits: the SplitMix64 finaliser of key and index, as on the CPU. */
KERNEL(swift_dropout, const float *x, float p, i64 key, float *out, i64 n) {
  float keep = 1 / (1 - p);
  EACH(i, n) {
    u64 z = (u64)key + (u64)(i + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    float uniform = (float)((z ^ z >> 31) >> 40) * 5.9604644775390625e-8f;
    out[i] = uniform < p ? 0 : x[i] * keep;
  }
}

/* Copies a window of columns: out[r][out_at + c] = x[r][x_at + c], c < width. */
KERNEL(
    swift_copy_columns, const float *x, i64 x_columns, i64 x_at, float *out, i64 out_columns, i64 out_at, i64 width,
    i64 n) {
  EACH(i, n) {
    i64 row = i / width, column = i - row * width;
    out[row * out_columns + out_at + column] = x[row * x_columns + x_at + column];
  }
}

/* Pairs of every head are turned; columns beyond 2 * half are copied. One thread has one pair or one such column. */
KERNEL(
    swift_rope, const float *x, i64 heads, i64 dim, const float *cosine, const float *sine, i64 half, int interleaved,
    int inverse, float *out, i64 n) {
  i64 units = dim - half;
  EACH(u, n) {
    i64 head = u / units, i = u - head * units;
    i64 at = head * dim;
    if (i >= half) {
      out[at + half + i] = x[at + half + i];
      continue;
    }
    i64 angle = head / heads * half + i;
    i64 first = at + (interleaved ? 2 * i : i), second = at + (interleaved ? 2 * i + 1 : i + half);
    float c = cosine[angle], s = inverse ? -sine[angle] : sine[angle];
    float a = x[first], b = x[second];
    out[first] = a * c - b * s;
    out[second] = b * c + a * s;
  }
}

/* Torch's AdamW (arXiv 1711.05101); the factors are AdamStep's. */
KERNEL(
    swift_adamw, float *p, const float *g, float *m, float *v, float beta1, float rest1, float beta2, float rest2,
    float decay, float size, float root, float eps, float grad_scale, i64 n) {
  EACH(i, n) {
    float grad = g[i] * grad_scale;
    float m1 = beta1 * m[i] + rest1 * grad;
    float v1 = beta2 * v[i] + rest2 * grad * grad;
    m[i] = m1;
    v[i] = v1;
    p[i] = p[i] * decay - size * m1 / (sqrtf(v1) * root + eps);
  }
}
