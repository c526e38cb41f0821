package io.swiftjvm.backend.cpu;

import static io.swiftjvm.backend.cpu.Scalars.get;
import static io.swiftjvm.backend.cpu.Scalars.id;
import static io.swiftjvm.backend.cpu.Scalars.set;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Portable kernels, written to be read: also the reference for the native ones. */
final class JavaKernels implements Kernels {
  private final String reason;

  JavaKernels(String reason) {
    this.reason = reason;
  }

  @Override
  public String description() {
    return "Java kernels (" + reason + ")";
  }

  @Override
  public void fill(MemorySegment x, float value, long from, long to) {
    for (long i = from; i < to; i++) {
      set(x, i, value);
    }
  }

  @Override
  public void cast(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to) {
    for (long i = from; i < to; i++) {
      set(out, outType, i, get(x, type, i));
    }
  }

  @Override
  public boolean quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to) {
    return outType.tileRows() == 1 ? QuantBlocks.quantize(x, type, out, outType, from, to)
        : QuantTiles.quantize(x, type, rows, columns, out, outType, from, to);
  }

  @Override
  public void matmul(
      MemorySegment a, boolean transposeA, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m,
      long n, long k, float alpha, float beta, long m0, long m1, long n0, long n1) {
    JavaMatmul.run(a, transposeA, b, bType, transposeB, out, m, n, k, alpha, beta, m0, m1, n0, n1);
  }

  @Override
  public void binary(
      Binary op, MemorySegment a, MemorySegment b, MemorySegment out, long columns, long bRow, long bColumn, long from,
      long to) {
    for (long r = from; r < to; r++) {
      for (long c = 0; c < columns; c++) {
        long i = r * columns + c;
        set(out, i, Scalars.binary(op, get(a, i), get(b, r * bRow + c * bColumn)));
      }
    }
  }

  @Override
  public void unary(Unary op, MemorySegment x, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i++) {
      set(out, i, Scalars.unary(op, get(x, i)));
    }
  }

  @Override
  public void unaryBackward(Unary op, MemorySegment x, MemorySegment dy, MemorySegment dx, long from, long to) {
    for (long i = from; i < to; i++) {
      set(dx, i, get(dy, i) * Scalars.derivative(op, get(x, i)));
    }
  }

  @Override
  public void scale(MemorySegment x, float alpha, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i++) {
      set(out, i, alpha * get(x, i));
    }
  }

  @Override
  public void axpy(float alpha, MemorySegment x, MemorySegment y, long from, long to) {
    for (long i = from; i < to; i++) {
      set(y, i, get(y, i) + alpha * get(x, i));
    }
  }

  @Override
  public void reduceColumns(Reduction op, MemorySegment x, long columns, MemorySegment out, long from, long to) {
    for (long r = from; r < to; r++) {
      float max = Float.NEGATIVE_INFINITY;
      double sum = 0;
      for (long i = r * columns; i < (r + 1) * columns; i++) {
        sum += get(x, i);
        max = Math.max(max, get(x, i));
      }
      set(out, r, op == Reduction.SUM ? (float) sum : max);
    }
  }

  @Override
  public void sumRows(MemorySegment x, long rows, long columns, MemorySegment out, float beta, long from, long to) {
    for (long c = from; c < to; c++) {
      double sum = 0;
      for (long r = 0; r < rows; r++) {
        sum += get(x, r * columns + c);
      }
      set(out, c, (float) (beta == 0 ? sum : sum + beta * get(out, c)));
    }
  }

  @Override
  public void softmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    for (long r = from; r < to; r++) {
      long at = r * columns;
      float max = max(x, at, columns);
      double sum = 0;
      for (long i = at; i < at + columns; i++) {
        float e = (float) Math.exp(get(x, i) - max);
        sum += e;
        set(out, i, e);
      }
      float inverse = (float) (1 / sum);
      for (long i = at; i < at + columns; i++) {
        set(out, i, get(out, i) * inverse);
      }
    }
  }

  private static float max(MemorySegment x, long at, long n) {
    float max = Float.NEGATIVE_INFINITY;
    for (long i = at; i < at + n; i++) {
      max = Math.max(max, get(x, i));
    }
    return max;
  }

  @Override
  public void gatherRows(
      MemorySegment table, DType type, long columns, @Nullable MemorySegment ids, MemorySegment out, long from,
      long to) {
    for (long r = from; r < to; r++) {
      long row = ids == null ? r : id(ids, r);
      for (long c = 0; c < columns; c++) {
        set(out, r * columns + c, Scalars.get(table, type, columns, row, c));
      }
    }
  }

  @Override
  public void scatterAddRows(
      MemorySegment rows, long n, long columns, MemorySegment ids, MemorySegment table, long from, long to) {
    for (long r = 0; r < n; r++) {
      long row = id(ids, r);
      for (long c = from; row >= 0 && c < to; c++) {
        long i = row * columns + c;
        set(table, i, get(table, i) + get(rows, r * columns + c));
      }
    }
  }

  @Override
  public double sumSquares(MemorySegment x, long from, long to) {
    double sum = 0;
    for (long i = from; i < to; i++) {
      double v = get(x, i);
      sum += v * v;
    }
    return sum;
  }

  @Override
  public boolean isFinite(MemorySegment x, long from, long to) {
    for (long i = from; i < to; i++) {
      if (!Float.isFinite(get(x, i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void dropout(MemorySegment x, float p, long key, MemorySegment out, long from, long to) {
    float keep = 1 / (1 - p);
    for (long i = from; i < to; i++) {
      set(out, i, Scalars.uniform(key, i) < p ? 0 : get(x, i) * keep);
    }
  }

  @Override
  public void rmsNorm(
      MemorySegment x, MemorySegment w, DType type, float shift, float eps, MemorySegment y,
      @Nullable MemorySegment rstd, long columns, long from, long to) {
    for (long r = from; r < to; r++) {
      long at = r * columns;
      float factor = (float) (1 / Math.sqrt(sumSquares(x, at, at + columns) / columns + eps));
      for (long c = 0; c < columns; c++) {
        set(y, at + c, get(x, at + c) * factor * (get(w, type, c) + shift));
      }
      if (rstd != null) {
        set(rstd, r, factor);
      }
    }
  }

  @Override
  public void rmsNormBackward(
      MemorySegment x, MemorySegment w, DType type, float shift, MemorySegment rstd, MemorySegment dy, MemorySegment dx,
      long columns, long from, long to) {
    for (long r = from; r < to; r++) {
      long at = r * columns;
      float factor = get(rstd, r);
      double dot = 0;
      for (long c = 0; c < columns; c++) {
        dot += get(dy, at + c) * (get(w, type, c) + shift) * get(x, at + c);
      }
      float back = (float) (dot / columns) * factor * factor;
      for (long c = 0; c < columns; c++) {
        set(dx, at + c, factor * (get(dy, at + c) * (get(w, type, c) + shift) - get(x, at + c) * back));
      }
    }
  }

  @Override
  public void rmsNormWeights(
      MemorySegment x, MemorySegment rstd, MemorySegment dy, MemorySegment dw, long rows, long columns, long from,
      long to) {
    for (long c = from; c < to; c++) {
      double sum = 0;
      for (long r = 0; r < rows; r++) {
        sum += get(dy, r * columns + c) * get(x, r * columns + c) * get(rstd, r);
      }
      set(dw, c, (float) (get(dw, c) + sum));
    }
  }

  @Override
  public void rope(
      MemorySegment x, long heads, long headDim, MemorySegment cos, MemorySegment sin, long half, boolean interleaved,
      boolean inverse, MemorySegment out, long from, long to) {
    for (long r = from; r < to; r++) {
      for (long h = 0; h < heads; h++) {
        long at = (r * heads + h) * headDim;
        for (long i = 0; i < half; i++) {
          long first = at + (interleaved ? 2 * i : i);
          long second = at + (interleaved ? 2 * i + 1 : i + half);
          float c = get(cos, r * half + i);
          float s = inverse ? -get(sin, r * half + i) : get(sin, r * half + i);
          float a = get(x, first);
          float b = get(x, second);
          set(out, first, a * c - b * s);
          set(out, second, b * c + a * s);
        }
        for (long i = at + 2 * half; i < at + headDim; i++) {
          set(out, i, get(x, i));
        }
      }
    }
  }

  @Override
  public void gated(Unary act, MemorySegment gate, MemorySegment up, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i++) {
      set(out, i, Scalars.unary(act, get(gate, i)) * get(up, i));
    }
  }

  @Override
  public void gatedBackward(
      Unary act, MemorySegment gate, MemorySegment up, MemorySegment dout, MemorySegment dgate, MemorySegment dup,
      long from, long to) {
    for (long i = from; i < to; i++) {
      float g = get(gate, i);
      float u = get(up, i);
      float d = get(dout, i);
      set(dgate, i, d * u * Scalars.derivative(act, g));
      set(dup, i, d * Scalars.unary(act, g));
    }
  }

  @Override
  public void attention(
      MemorySegment q, MemorySegment k, MemorySegment v, DType type, AttentionSpec spec, Sequence sequence, int head,
      int heads, MemorySegment out, @Nullable MemorySegment lse, long from, long to) {
    for (int h = head; h < head + heads; h++) {
      JavaAttention.forward(q, k, v, type, spec, sequence, h, out, lse, from, to);
    }
  }

  @Override
  public void attentionBackward(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Sequence sequence, int kvHead,
      MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
    JavaAttention.backward(q, k, v, spec, sequence, kvHead, out, lse, dout, dq, dk, dv);
  }

  @Override
  public void crossEntropy(
      MemorySegment logits, long columns, MemorySegment labels, MemorySegment nll, @Nullable MemorySegment gradScale,
      long from, long to) {
    for (long r = from; r < to; r++) {
      long at = r * columns;
      int label = id(labels, r);
      if (label < 0) {
        set(nll, r, 0);
        if (gradScale != null) {
          fill(logits, 0, at, at + columns);
        }
        continue;
      }
      float max = max(logits, at, columns);
      double sum = 0;
      for (long i = at; i < at + columns; i++) {
        sum += Math.exp(get(logits, i) - max);
      }
      double lse = max + Math.log(sum);
      set(nll, r, (float) (lse - get(logits, at + label)));
      if (gradScale != null) {
        float scale = get(gradScale, r);
        for (long i = at; i < at + columns; i++) {
          double p = Math.exp(get(logits, i) - lse);
          set(logits, i, (float) ((i == at + label ? p - 1 : p) * scale));
        }
      }
    }
  }

  @Override
  public void adamW(
      MemorySegment p, MemorySegment g, MemorySegment m, MemorySegment v, AdamStep step, long from, long to) {
    float decay = step.decay();
    float size = step.size();
    float root = step.root();
    float rest1 = step.rest1();
    float rest2 = step.rest2();
    for (long i = from; i < to; i++) {
      float grad = get(g, i) * step.gradScale();
      float m1 = step.beta1() * get(m, i) + rest1 * grad;
      float v1 = step.beta2() * get(v, i) + rest2 * grad * grad;
      set(m, i, m1);
      set(v, i, v1);
      set(p, i, get(p, i) * decay - size * m1 / ((float) Math.sqrt(v1) * root + step.eps()));
    }
  }
}
