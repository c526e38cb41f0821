/* Elementwise kernels. Tails go through the same vector code, so that bits do not depend on where a range is cut. */

static void fill(float *x, float value, i64 from, i64 to) {
  vf v = splat(value);
  for (i64 i = from; i < to; i += W) stn(x + i, v, to - i);
}

INLINE uint16_t to_bf16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (f != f) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* To nearest even: the scaling lets the addition of a float round at the right place, also for subnormals. */
INLINE uint16_t to_f16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  uint32_t sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x3ff));
  if (bits >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (bits < 0x38800000) {
    float a;
    memcpy(&a, &bits, 4);
    a += 0.5f;
    memcpy(&bits, &a, 4);
    return (uint16_t)(sign | (bits - 0x3f000000));
  }
  return (uint16_t)(sign | ((bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13));
}

/* To nearest even, as torch: what is too large is the largest number of e4m3, 448, and infinite in e5m2. */
INLINE uint8_t to_f8(const int type, float f) {
  const int bias = type == F8E4 ? 7 : 15, shift = type == F8E4 ? 20 : 21;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  uint8_t sign = (uint8_t)(bits >> 24 & 0x80);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7f;
  if (bits >= (type == F8E4 ? 0x43e00000 : 0x47800000)) return sign | (type == F8E4 ? 0x7e : 0x7c);
  if (bits < (uint32_t)(128 - bias) << 23) {
    uint32_t magic = (uint32_t)(128 - bias + shift) << 23;
    float a, m;
    memcpy(&a, &bits, 4);
    memcpy(&m, &magic, 4);
    a += m;
    memcpy(&bits, &a, 4);
    return sign | (uint8_t)(bits - magic);
  }
  bits -= (uint32_t)(127 - bias) << 23;
  return sign | (uint8_t)((bits + (1u << (shift - 1)) - 1 + (bits >> shift & 1)) >> shift);
}

/* Elements i.. of float8, widened; NaN stays. */
INLINE vf ldfloat8(const uint8_t *x, const int type, i64 n) {
  uint8_t bytes[W] = {0};
  memcpy(bytes, x, (size_t)n);
  vub b;
  memcpy(&b, bytes, sizeof b);
  vi nan = (__builtin_convertvector(b, vi) & 0x7f) == 0x7f;
  return pick(type == F8E4 ? nan : nan & 0, splat(NAN), from_f8(type, b));
}

static void cast(const void *x, int type, void *out, int out_type, i64 from, i64 to) {
  for (i64 i = from; i < to; i += W) {
    i64 n = MIN(W, to - i);
    vf v;
    if (type == F8E4 || type == F8E5) {
      v = type == F8E4 ? ldfloat8((const uint8_t *)x + i, F8E4, n) : ldfloat8((const uint8_t *)x + i, F8E5, n);
    } else {
#define CALL(T) v = ldw(x, T, i, n)
      BY_TYPE(type, CALL)
#undef CALL
    }
    if (out_type == F32) {
      stn((float *)out + i, v, n);
    } else {
      float f[W];
      st(f, v);
      uint16_t *o = (uint16_t *)out + i;
      uint8_t *o8 = (uint8_t *)out + i;
      if (out_type == F8E4)
        for (i64 j = 0; j < n; j++) o8[j] = to_f8(F8E4, f[j]);
      else if (out_type == F8E5)
        for (i64 j = 0; j < n; j++) o8[j] = to_f8(F8E5, f[j]);
      else if (out_type == BF16)
        for (i64 j = 0; j < n; j++) o[j] = to_bf16(f[j]);
      else
        for (i64 j = 0; j < n; j++) o[j] = to_f16(f[j]);
    }
  }
}

INLINE vf apply_binary(const int op, vf a, vf b) {
  switch (op) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    case DIVIDE: return a / b;
    default: return pick((a > b) | (a != a), a, b);
  }
}

INLINE void binary_rows(
    const int op, const float *a, const float *b, float *out, i64 columns, i64 b_row, i64 b_column, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *x = a + r * columns, *y = b + r * b_row;
    float *o = out + r * columns;
    for (i64 c = 0; c < columns; c += W) {
      vf second = b_column ? ldn(y + c, columns - c) : splat(*y);
      stn(o + c, apply_binary(op, ldn(x + c, columns - c), second), columns - c);
    }
  }
}

static void binary(
    int op, const float *a, const float *b, float *out, i64 columns, i64 b_row, i64 b_column, i64 from, i64 to) {
  if (columns == 1) { /* one long row: sizes are equal, or b is one element */
    a += from, out += from, b += from * b_row;
    columns = to - from, b_column = b_row, from = 0, to = 1, b_row = 0;
  }
  switch (op) {
    case ADD: binary_rows(ADD, a, b, out, columns, b_row, b_column, from, to); break;
    case SUBTRACT: binary_rows(SUBTRACT, a, b, out, columns, b_row, b_column, from, to); break;
    case MULTIPLY: binary_rows(MULTIPLY, a, b, out, columns, b_row, b_column, from, to); break;
    case DIVIDE: binary_rows(DIVIDE, a, b, out, columns, b_row, b_column, from, to); break;
    default: binary_rows(MAXIMUM, a, b, out, columns, b_row, b_column, from, to);
  }
}

#define GELU_A 0.7978845608028654f
#define GELU_B 0.044715f

/* (1 + erf(x / sqrt 2)) / 2 */
INLINE vf normal_cdf(vf x) {
  for (int i = 0; i < W; i++) x[i] = 0.5f * erfcf(x[i] * -0.70710678118654752f);
  return x;
}

INLINE vf apply_unary(const int op, vf x) {
  switch (op) {
    case NEGATE: return -x;
    case EXP: return vexp(x);
    case LOG:
      for (int i = 0; i < W; i++) x[i] = logf(x[i]);
      return x;
    case SQRT: return vsqrt(x);
    case RSQRT: return 1.0f / vsqrt(x);
    case RECIPROCAL: return 1.0f / x;
    case SQUARE: return x * x;
    case RELU: return pick((x > 0.0f) | (x != x), x, splat(0));
    case SIGMOID: return vsigmoid(x);
    case TANH: return vtanh(x);
    case SILU: return x * vsigmoid(x);
    case GELU: return x * normal_cdf(x);
    default: return 0.5f * x * (1.0f + vtanh(GELU_A * x * (1.0f + GELU_B * x * x)));
  }
}

INLINE vf derivative(const int op, vf x) {
  switch (op) {
    case RELU: return pick(x > 0.0f, splat(1), splat(0));
    case SIGMOID: {
      vf s = vsigmoid(x);
      return s * (1.0f - s);
    }
    case TANH: {
      vf t = vtanh(x);
      return 1.0f - t * t;
    }
    case SILU: {
      vf s = vsigmoid(x);
      return s * (1.0f + x * (1.0f - s));
    }
    case GELU: return normal_cdf(x) + x * 0.3989422804014327f * vexp(-0.5f * x * x);
    default: {
      vf t = vtanh(GELU_A * x * (1.0f + GELU_B * x * x));
      return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * GELU_A * (1.0f + 3 * GELU_B * x * x);
    }
  }
}

#define UNARY_LOOP(op) \
  case op: \
    for (i64 i = from; i < to; i += W) stn(out + i, apply_unary(op, ldn(x + i, to - i)), to - i); \
    break;
static void unary(int op, const float *x, float *out, i64 from, i64 to) {
  switch (op) {
    UNARY_LOOP(NEGATE) UNARY_LOOP(EXP) UNARY_LOOP(LOG) UNARY_LOOP(SQRT) UNARY_LOOP(RSQRT) UNARY_LOOP(RECIPROCAL)
    UNARY_LOOP(SQUARE) UNARY_LOOP(RELU) UNARY_LOOP(SIGMOID) UNARY_LOOP(TANH) UNARY_LOOP(SILU) UNARY_LOOP(GELU)
    UNARY_LOOP(GELU_TANH)
  }
}

#define ACTIVATIONS(X) X(RELU) X(SIGMOID) X(TANH) X(SILU) X(GELU) X(GELU_TANH)
#define BACKWARD_LOOP(op) \
  case op: \
    for (i64 i = from; i < to; i += W) { \
      stn(dx + i, ldn(dy + i, to - i) * derivative(op, ldn(x + i, to - i)), to - i); \
    } \
    break;
static void unary_backward(int op, const float *x, const float *dy, float *dx, i64 from, i64 to) {
  switch (op) { ACTIVATIONS(BACKWARD_LOOP) }
}

#define GATED_LOOP(op) \
  case op: \
    for (i64 i = from; i < to; i += W) { \
      stn(out + i, apply_unary(op, ldn(gate + i, to - i)) * ldn(up + i, to - i), to - i); \
    } \
    break;
static void gated(int op, const float *gate, const float *up, float *out, i64 from, i64 to) {
  switch (op) { ACTIVATIONS(GATED_LOOP) }
}

INLINE void gated_backward_loop(
    const int op, const float *gate, const float *up, const float *dout, float *dgate, float *dup, i64 from, i64 to) {
  for (i64 i = from; i < to; i += W) {
    vf g = ldn(gate + i, to - i), u = ldn(up + i, to - i), d = ldn(dout + i, to - i);
    vf y, dy;
    if (op == SILU) { /* one exponential for both */
      vf s = vsigmoid(g);
      y = g * s;
      dy = s * (1.0f + g * (1.0f - s));
    } else {
      y = apply_unary(op, g);
      dy = derivative(op, g);
    }
    stn(dgate + i, d * u * dy, to - i);
    stn(dup + i, d * y, to - i);
  }
}

#define GATED_BACKWARD(op) case op: gated_backward_loop(op, gate, up, dout, dgate, dup, from, to); break;
static void gated_backward(
    int op, const float *gate, const float *up, const float *dout, float *dgate, float *dup, i64 from, i64 to) {
  switch (op) { ACTIVATIONS(GATED_BACKWARD) }
}

static void scale(const float *x, float alpha, float *out, i64 from, i64 to) {
  for (i64 i = from; i < to; i += W) stn(out + i, ldn(x + i, to - i) * alpha, to - i);
}

static void axpy(float alpha, const float *x, float *y, i64 from, i64 to) {
  for (i64 i = from; i < to; i += W) stn(y + i, ldn(y + i, to - i) + alpha * ldn(x + i, to - i), to - i);
}

static double sum_squares(const float *x, i64 from, i64 to) {
  double s[8] = {0};
  i64 i = from;
  for (; i + 8 <= to; i += 8)
    for (int j = 0; j < 8; j++) s[j] += (double)x[i + j] * (double)x[i + j];
  for (; i < to; i++) s[0] += (double)x[i] * (double)x[i];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static int is_finite(const float *x, i64 from, i64 to) {
  vi bad = {0};
  for (i64 i = from; i < to; i += W) bad |= ((vi)ldn(x + i, to - i) & 0x7f800000) == 0x7f800000;
  int any = 0;
  for (int i = 0; i < W; i++) any |= bad[i];
  return !any;
}

static void dropout(const float *x, float p, i64 key, float *out, i64 from, i64 to) {
  float keep = 1 / (1 - p);
  for (i64 i = from; i < to; i++) {
    uint64_t z = (uint64_t)key + (uint64_t)(i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    float u = (float)(int32_t)((z ^ z >> 31) >> 40) * 0x1p-24f;
    out[i] = u < p ? 0 : x[i] * keep;
  }
}

static void adamw(
    float *p, const float *g, float *m, float *v, float beta1, float rest1, float beta2, float rest2, float decay,
    float size, float root, float eps, float grad_scale, i64 from, i64 to) {
  for (i64 i = from; i < to; i += W) {
    i64 n = to - i;
    vf grad = ldn(g + i, n) * grad_scale;
    vf m1 = beta1 * ldn(m + i, n) + rest1 * grad;
    vf v1 = beta2 * ldn(v + i, n) + rest2 * grad * grad;
    stn(m + i, m1, n);
    stn(v + i, v1, n);
    stn(p + i, ldn(p + i, n) * decay - size * m1 / (vsqrt(v1) * root + eps), n);
  }
}
