package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The fused operations of {@link Backend} from its primitives: what a device without the kernel does. */
final class Composed {
  private Composed() {}

  static void rmsNorm(Backend b, Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    try (Scope scope = new Scope(b)) {
      Tensor squares = scope.floats(x.shape());
      Tensor factor = scope.floats(x.rows(), 1);
      b.unary(Unary.SQUARE, x, squares);
      b.reduceColumns(Reduction.SUM, squares, factor);
      b.scale(factor, 1f / x.columns(), factor);
      b.binary(Binary.ADD, factor, floats(b, scope, eps), factor);
      b.unary(Unary.RSQRT, factor, factor);
      if (rstd != null) {
        b.copy(factor, rstd.view(x.rows(), 1));
      }
      b.binary(Binary.MULTIPLY, x, factor, y);
      b.binary(Binary.MULTIPLY, y, shifted(b, scope, w, shift), y);
    }
  }

  static void rmsNormBackward(
      Backend b, Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    try (Scope scope = new Scope(b)) {
      Tensor factor = rstd.view(x.rows(), 1);
      Tensor normed = scope.floats(x.shape());
      Tensor product = scope.floats(x.shape());
      b.binary(Binary.MULTIPLY, x, factor, normed);
      if (dw != null) {
        b.binary(Binary.MULTIPLY, normed, dy, product);
        b.sumRows(product, dw, 1);
      }
      if (dx != null) {
        Tensor dot = scope.floats(x.rows(), 1);
        Tensor scaled = scope.floats(x.shape());
        b.binary(Binary.MULTIPLY, dy, shifted(b, scope, w, shift), scaled);
        b.binary(Binary.MULTIPLY, scaled, normed, product);
        b.reduceColumns(Reduction.SUM, product, dot);
        b.scale(dot, 1f / x.columns(), dot);
        b.binary(Binary.MULTIPLY, normed, dot, normed);
        b.binary(Binary.SUBTRACT, scaled, normed, scaled);
        b.binary(Binary.MULTIPLY, scaled, factor, dx);
      }
    }
  }

  /** The two members of every pair are picked by a product with a 0/1 matrix, and put back by its transpose. */
  static void rope(Backend b, Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {
    int half = (int) cos.columns();
    int heads = (int) x.dim(1);
    int dim = (int) x.dim(2);
    long rows = x.rows();
    try (Scope scope = new Scope(b)) {
      Tensor pick1 = selection(b, scope, dim, half, i -> interleaved ? 2 * i : i);
      Tensor pick2 = selection(b, scope, dim, half, i -> interleaved ? 2 * i + 1 : i + half);
      Tensor rest = selection(b, scope, dim, dim, i -> i < 2 * half ? -1 : i);
      Tensor head = ints(b, scope, (int) rows, i -> i / heads);
      Tensor c = scope.floats(rows, half);
      Tensor s = scope.floats(rows, half);
      b.gatherRows(cos.view(cos.rows(), half), head, c);
      b.gatherRows(sin.view(sin.rows(), half), head, s);
      if (inverse) {
        b.unary(Unary.NEGATE, s, s);
      }
      Tensor flat = x.view(rows, dim);
      Tensor first = scope.floats(rows, half);
      Tensor second = scope.floats(rows, half);
      b.matmul(flat, false, pick1, false, first, 1, 0);
      b.matmul(flat, false, pick2, false, second, 1, 0);
      Tensor result = scope.floats(rows, dim);
      b.matmul(flat, false, rest, false, result, 1, 0);
      Tensor t = scope.floats(rows, half);
      Tensor u = scope.floats(rows, half);
      b.binary(Binary.MULTIPLY, first, c, t);
      b.binary(Binary.MULTIPLY, second, s, u);
      b.binary(Binary.SUBTRACT, t, u, t);
      b.matmul(t, false, pick1, true, result, 1, 1);
      b.binary(Binary.MULTIPLY, second, c, t);
      b.binary(Binary.MULTIPLY, first, s, u);
      b.binary(Binary.ADD, t, u, t);
      b.matmul(t, false, pick2, true, result, 1, 1);
      b.copy(result, out.view(rows, dim));
    }
  }

  static void gated(Backend b, Unary act, Tensor gate, Tensor up, Tensor out) {
    try (Scope scope = new Scope(b)) {
      Tensor a = scope.floats(gate.shape());
      b.unary(act, gate, a);
      b.binary(Binary.MULTIPLY, a, up, out);
    }
  }

  static void gatedBackward(Backend b, Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {
    try (Scope scope = new Scope(b)) {
      Tensor a = scope.floats(gate.shape());
      Tensor d = scope.floats(gate.shape());
      b.binary(Binary.MULTIPLY, dout, up, d);
      b.unary(act, gate, a);
      b.unaryBackward(act, gate, d, d);
      b.binary(Binary.MULTIPLY, dout, a, dup);
      b.copy(d, dgate);
    }
  }

  static void attention(
      Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out,
      @Nullable Tensor lse) {
    ComposedAttention.forward(b, q, k, v, spec, segments, out, lse);
  }

  static void attentionBackward(
      Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse,
      Tensor dout, Tensor dq, Tensor dk, Tensor dv) {
    ComposedAttention.backward(b, q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
  }

  static void crossEntropy(Backend b, Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {
    int n = (int) labels.size();
    int columns = (int) logits.columns();
    try (Scope scope = new Scope(b)) {
      int[] label = new int[n];
      b.download(labels, MemorySegment.ofArray(label));
      Tensor cell = ints(b, scope, n, i -> Math.max(0, label[i]) + i * columns);
      float[] live = new float[n];
      for (int i = 0; i < n; i++) {
        live[i] = label[i] < 0 ? 0 : 1;
      }
      Tensor counted = floats(b, scope, live).view(n, 1);
      Tensor shifted = scope.floats(n, columns);
      Tensor max = scope.floats(n, 1);
      b.reduceColumns(Reduction.MAX, logits, max);
      b.binary(Binary.SUBTRACT, logits, max, shifted);
      Tensor target = scope.floats(n, 1);
      b.gatherRows(shifted.view((long) n * columns, 1), cell, target);
      Tensor sum = scope.floats(n, 1);
      Tensor log = scope.floats(n, 1);
      b.unary(Unary.EXP, shifted, shifted);
      b.reduceColumns(Reduction.SUM, shifted, sum);
      b.unary(Unary.LOG, sum, log);
      b.binary(Binary.SUBTRACT, log, target, log);
      b.binary(Binary.MULTIPLY, log, counted, nll.view(n, 1));
      if (gradScale != null) {
        b.binary(Binary.DIVIDE, shifted, sum, shifted);
        Tensor one = scope.floats(n, 1);
        b.fill(one, -1);
        b.scatterAddRows(one, cell, shifted.view((long) n * columns, 1));
        b.binary(Binary.MULTIPLY, gradScale.view(n, 1), counted, counted);
        b.binary(Binary.MULTIPLY, shifted, counted, logits.view(n, columns));
      }
    }
  }

  static void adamW(Backend b, Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
    try (Scope scope = new Scope(b)) {
      Tensor grad = scope.floats(g.shape());
      b.scale(g, step.gradScale(), grad);
      b.scale(m, step.beta1(), m);
      b.axpy(step.rest1(), grad, m);
      b.unary(Unary.SQUARE, grad, grad);
      b.scale(v, step.beta2(), v);
      b.axpy(step.rest2(), grad, v);
      b.unary(Unary.SQRT, v, grad);
      b.scale(grad, step.root(), grad);
      b.binary(Binary.ADD, grad, floats(b, scope, step.eps()), grad);
      b.binary(Binary.DIVIDE, m, grad, grad);
      b.scale(p, step.decay(), p);
      b.axpy(-step.size(), grad, p);
    }
  }

  /** {@code w + shift} in float32. */
  private static Tensor shifted(Backend b, Scope scope, Tensor w, float shift) {
    Tensor wide = scope.floats(w.size());
    b.cast(w, wide);
    b.binary(Binary.ADD, wide, floats(b, scope, shift), wide);
    return wide;
  }

  static Tensor floats(Backend b, Scope scope, float... values) {
    Tensor t = scope.floats(values.length);
    b.upload(MemorySegment.ofArray(values), t);
    return t;
  }

  static Tensor ints(Backend b, Scope scope, int n, IntUnaryOperator value) {
    int[] values = new int[n];
    for (int i = 0; i < n; i++) {
      values[i] = value.applyAsInt(i);
    }
    Tensor t = scope.tensor(DType.I32, n);
    b.upload(MemorySegment.ofArray(values), t);
    return t;
  }

  /** A (rows,columns) matrix with a 1 in row {@code row(i)} of column i, none where that is negative. */
  private static Tensor selection(Backend b, Scope scope, int rows, int columns, IntUnaryOperator row) {
    float[] cells = new float[rows * columns];
    for (int i = 0; i < columns; i++) {
      if (row.applyAsInt(i) >= 0) {
        cells[row.applyAsInt(i) * columns + i] = 1;
      }
    }
    return floats(b, scope, cells).view(rows, columns);
  }

  /** Neighbours that stay neighbours go together. */
  static void scatterRows(Backend b, Tensor rows, Tensor ids, Tensor table) {
    Shapes.scatter(rows, ids, table);
    int[] to = ids.toInts();
    Tensor all = rows.view(to.length, rows.columns());
    int end;
    for (int i = 0; i < to.length; i = end) {
      end = i + 1;
      while (end < to.length && to[end] == to[end - 1] + 1) {
        end++;
      }
      Objects.checkFromIndexSize((long) to[i], end - i, table.dim(0));
      Tensor from = all.slice(i, end - i);
      Tensor place = table.slice(to[i], end - i);
      if (table.dtype() == DType.F32) {
        b.copy(from, place);
      } else {
        b.quantize(from, place);
      }
    }
  }

  /** No primitive gives places: the host looks. */
  static void argmax(Backend b, Tensor x, Tensor out) {
    Shapes.argmax(x, out);
    float[] values = x.toFloats();
    int columns = Math.toIntExact(x.columns());
    int[] best = new int[Math.toIntExact(x.rows())];
    for (int r = 0; r < best.length; r++) {
      int from = r * columns;
      best[r] = argmax(values, from, columns);
    }
    b.upload(MemorySegment.ofArray(best), out);
  }

  private static int argmax(float[] values, int from, int columns) {
    int best = -1;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < columns; i++) {
      float v = values[from + i];
      if (Float.isNaN(v)) {
        return -1;
      }
      if (v > most) {
        most = v;
        best = i;
      }
    }
    return best;
  }
}
