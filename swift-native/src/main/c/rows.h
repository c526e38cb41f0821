/* Kernels that work on rows: reductions, norms, rotary embedding, gather and scatter, cross-entropy. */

static void reduce_columns(int op, const float *x, i64 columns, float *out, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *row = x + r * columns;
    if (op == 0) {
      double s = 0;
      for (i64 c = 0; c < columns; c += W) s += sum_double(ldn(row + c, columns - c));
      out[r] = (float)s;
    } else {
      vf most = splat(-INFINITY);
      i64 c = 0;
      for (; c + W <= columns; c += W) most = vmax(ld(row + c), most);
      float m = -INFINITY;
      for (int i = 0; i < W; i++) m = MAX(m, most[i]);
      for (; c < columns; c++) m = MAX(m, row[c]);
      out[r] = m;
    }
  }
}

/* Rows are summed in blocks, so that the error grows with the number of blocks only. */
#define ROW_BLOCK 64

/* out = beta out + the sum over rows of x, or of x dy rstd; nv vectors at a time, as rows are far apart. */
INLINE void sum_strip(
    const int nv, const float *x, const float *dy, const float *rstd, i64 rows, i64 columns, float *out, float beta,
    i64 n) {
  vf total[8];
#pragma GCC unroll 8
  for (int v = 0; v < nv; v++) total[v] = beta == 0 ? splat(0) : beta * ldn(out + v * W, n - v * W);
  for (i64 r0 = 0; r0 < rows; r0 += ROW_BLOCK) {
    vf s[8];
#pragma GCC unroll 8
    for (int v = 0; v < nv; v++) s[v] = splat(0);
    for (i64 r = r0; r < MIN(rows, r0 + ROW_BLOCK); r++) {
#pragma GCC unroll 8
      for (int v = 0; v < nv; v++) {
        vf a = ldn(x + r * columns + v * W, n - v * W);
        s[v] += dy ? a * ldn(dy + r * columns + v * W, n - v * W) * rstd[r] : a;
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < nv; v++) total[v] += s[v];
  }
#pragma GCC unroll 8
  for (int v = 0; v < nv; v++) stn(out + v * W, total[v], n - v * W);
}

static void sum_rows(const float *x, i64 rows, i64 columns, float *out, float beta, i64 from, i64 to) {
  i64 c = from;
  for (; c + 8 * W <= to; c += 8 * W) sum_strip(8, x + c, 0, 0, rows, columns, out + c, beta, 8 * W);
  for (; c < to; c += W) sum_strip(1, x + c, 0, 0, rows, columns, out + c, beta, MIN(W, to - c));
}

INLINE float row_max(const float *x, i64 n) {
  vf m = splat(-INFINITY);
  i64 i = 0;
  for (; i + W <= n; i += W) m = vmax(ld(x + i), m);
  float best = largest(m);
  for (; i < n; i++) best = MAX(best, x[i]);
  return best;
}

/* exp(x - max) into out (if any), and its sum: 64 vectors in float32, then on in double. */
INLINE double row_exp(const float *x, float max, float *out, i64 n) {
  double total = 0;
  for (i64 b = 0; b < n; b += 64 * W) {
    i64 end = MIN(n, b + 64 * W), i = b;
    vf s = {0};
    for (; i + W <= end; i += W) {
      vf e = vexp(ld(x + i) - max);
      if (out) st(out + i, e);
      s += e;
    }
    if (i < end) {
      vf e = vexp(ldn(x + i, end - i) - max);
      float tail[W];
      st(tail, e);
      for (i64 j = 0; j < end - i; j++) {
        if (out) out[i + j] = tail[j];
        total += (double)tail[j];
      }
    }
    total += sum_double(s);
  }
  return total;
}

static void softmax(const float *x, i64 columns, float *out, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *row = x + r * columns;
    float *o = out + r * columns;
    double s = row_exp(row, row_max(row, columns), o, columns);
    scale(o, (float)(1 / s), o, 0, columns);
  }
}

static void cross_entropy(
    float *logits, i64 columns, const int32_t *labels, float *nll, const float *grad_scale, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    float *row = logits + r * columns;
    i64 label = labels[r];
    if (label < 0) {
      nll[r] = 0;
      if (grad_scale) fill(row, 0, 0, columns);
      continue;
    }
    float max = row_max(row, columns);
    float target = row[label];
    double s = row_exp(row, max, grad_scale ? row : 0, columns);
    nll[r] = (float)(log(s) + ((double)max - (double)target));
    if (grad_scale) {
      float p = (float)((double)row[label] / s - 1);
      scale(row, (float)((double)grad_scale[r] / s), row, 0, columns);
      row[label] = p * grad_scale[r];
    }
  }
}

INLINE void gather(
    const void *table, const int type, i64 columns, const int32_t *ids, float *out, i64 from, i64 to) {
  for (i64 r = from; r < to; r++)
    for (i64 c = 0; c < columns; c += W)
      stn(out + r * columns + c, ldw(table, type, ids[r] * columns + c, columns - c), columns - c);
}

INLINE void gather_tiled(
    const int kind, int parts, const void *table, i64 columns, const int32_t *ids, float *out, i64 from, i64 to) {
  for (i64 r = from; r < to; r++)
    for (i64 c = 0; c < columns; c += W)
      stn(out + r * columns + c, ldtile(table, kind, parts, columns, ids ? ids[r] : r, c), columns - c);
}

/* Without ids all rows in their order; of tiled weights only. */
static void gather_rows(
    const void *table, int type, i64 columns, const int32_t *ids, float *out, i64 from, i64 to) {
  if (is_tiled(type)) {
#define CALL(K) gather_tiled(K, parts_of(type), table, columns, ids, out, from, to)
    BY_KIND(type, CALL)
#undef CALL
  } else {
#define CALL(T) gather(table, T, columns, ids, out, from, to)
    BY_TYPE(type, CALL)
#undef CALL
  }
}

static void scatter_add_rows(
    const float *rows, i64 n, i64 columns, const int32_t *ids, float *table, i64 from, i64 to) {
  for (i64 r = 0; r < n; r++)
    if (ids[r] >= 0) axpy(1, rows + r * columns, table + ids[r] * columns, from, to);
}

/* Into float32 or q8. */
static int scatter_rows(
    const float *rows, i64 columns, const int32_t *ids, void *table, int type, i64 from, i64 to) {
  int bad = 0;
  for (i64 r = from; r < to; r++) {
    const float *row = rows + r * columns;
    char *place = (char *)table + bytes_before(type, ids[r] * columns);
    if (type == F32) memcpy(place, row, (size_t)columns * 4);
    else bad |= quantize(row, F32, 1, columns, place, type, 0, columns / TC);
  }
  return bad;
}

INLINE int any_of(vi mask) {
  int any = 0;
  for (int i = 0; i < W; i++) any |= mask[i];
  return any;
}

/* The first of the greatest of each row; -1 where there is none above negative infinity, or a NaN. */
static void argmax(const float *x, i64 columns, int32_t *out, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *row = x + r * columns;
    float most = row_max(row, columns);
    vi nan = {0};
    for (i64 c = 0; c < columns; c += W) {
      vf v = ldn(row + c, columns - c);
      nan |= v != v;
    }
    i64 at = 0;
    for (vi found = {0}; at + 8 * W <= columns; at += 8 * W) {
#pragma GCC unroll 8
      for (int v = 0; v < 8; v++) found |= ld(row + at + v * W) == most;
      if (any_of(found)) break;
    }
    while (at < columns && row[at] != most) at++;
    out[r] = any_of(nan) || !(most > -INFINITY) ? -1 : (int32_t)at;
  }
}

INLINE void norm(
    const float *x, const void *w, const int type, float shift, float eps, float *y, float *rstd, i64 columns, i64 from,
    i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *row = x + r * columns;
    float *o = y + r * columns;
    vf s = {0};
    for (i64 c = 0; c < columns; c += W) {
      vf v = ldn(row + c, columns - c);
      s += v * v;
    }
    float factor = (float)(1 / sqrt(sum_double(s) / (double)columns + (double)eps));
    for (i64 c = 0; c < columns; c += W) {
      i64 n = columns - c;
      stn(o + c, ldn(row + c, n) * factor * (ldw(w, type, c, n) + shift), n);
    }
    if (rstd) rstd[r] = factor;
  }
}

static void rms_norm(
    const float *x, const void *w, int type, float shift, float eps, float *y, float *rstd, i64 columns, i64 from,
    i64 to) {
  if (type == F32) norm(x, w, F32, shift, eps, y, rstd, columns, from, to);
  else if (type == BF16) norm(x, w, BF16, shift, eps, y, rstd, columns, from, to);
  else norm(x, w, F16, shift, eps, y, rstd, columns, from, to);
}

INLINE void norm_backward(
    const float *x, const void *w, const int type, float shift, const float *rstd, const float *dy, float *dx,
    i64 columns, i64 from, i64 to) {
  for (i64 r = from; r < to; r++) {
    const float *row = x + r * columns, *d = dy + r * columns;
    vf s = {0};
    for (i64 c = 0; c < columns; c += W) {
      i64 n = columns - c;
      s += ldn(d + c, n) * (ldw(w, type, c, n) + shift) * ldn(row + c, n);
    }
    float factor = rstd[r];
    float back = (float)(sum_double(s) / (double)columns) * factor * factor;
    for (i64 c = 0; c < columns; c += W) {
      i64 n = columns - c;
      vf g = ldn(d + c, n) * (ldw(w, type, c, n) + shift);
      stn(dx + r * columns + c, factor * (g - ldn(row + c, n) * back), n);
    }
  }
}

static void rms_norm_backward(
    const float *x, const void *w, int type, float shift, const float *rstd, const float *dy, float *dx, i64 columns,
    i64 from, i64 to) {
  if (type == F32) norm_backward(x, w, F32, shift, rstd, dy, dx, columns, from, to);
  else if (type == BF16) norm_backward(x, w, BF16, shift, rstd, dy, dx, columns, from, to);
  else norm_backward(x, w, F16, shift, rstd, dy, dx, columns, from, to);
}

static void rms_norm_weights(
    const float *x, const float *rstd, const float *dy, float *dw, i64 rows, i64 columns, i64 from, i64 to) {
  i64 c = from;
  for (; c + 8 * W <= to; c += 8 * W) sum_strip(8, x + c, dy + c, rstd, rows, columns, dw + c, 1, 8 * W);
  for (; c < to; c += W) sum_strip(1, x + c, dy + c, rstd, rows, columns, dw + c, 1, MIN(W, to - c));
}

static void rope(
    const float *x, i64 heads, i64 head_dim, const float *cosine, const float *sine, i64 half, int interleaved,
    int inverse, float *out, i64 from, i64 to) {
  float sign = inverse ? -1 : 1;
  for (i64 r = from; r < to; r++) {
    const float *cs = cosine + r * half, *sn = sine + r * half;
    for (i64 h = 0; h < heads; h++) {
      const float *in = x + (r * heads + h) * head_dim;
      float *o = out + (r * heads + h) * head_dim;
      if (interleaved) {
        for (i64 i = 0; i < half; i++) {
          float a = in[2 * i], b = in[2 * i + 1], s = sign * sn[i];
          o[2 * i] = a * cs[i] - b * s;
          o[2 * i + 1] = b * cs[i] + a * s;
        }
      } else {
        for (i64 i = 0; i < half; i += W) {
          i64 n = half - i;
          vf a = ldn(in + i, n), b = ldn(in + half + i, n), c = ldn(cs + i, n), s = sign * ldn(sn + i, n);
          stn(o + i, a * c - b * s, n);
          stn(o + half + i, b * c + a * s, n);
        }
      }
      if (o != in) memcpy(o + 2 * half, in + 2 * half, (size_t)(head_dim - 2 * half) * 4);
    }
  }
}
