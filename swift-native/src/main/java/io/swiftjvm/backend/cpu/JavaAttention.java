package io.swiftjvm.backend.cpu;

import static io.swiftjvm.backend.cpu.Scalars.get;
import static io.swiftjvm.backend.cpu.Scalars.set;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Causal attention row by row, with scratch for one row of scores. */
final class JavaAttention {
  private JavaAttention() {}

  static void forward(
      MemorySegment q, MemorySegment k, MemorySegment v, DType type, AttentionSpec spec, Kernels.Sequence s, int head,
      MemorySegment out, @Nullable MemorySegment lse, long from, long to) {
    int kvHead = head / (spec.heads() / spec.kvHeads());
    int vd = spec.valueDim();
    float[] scores = new float[(int) s.kLength()];
    float[] sum = new float[vd];
    for (long t = from; t < to; t++) {
      long row = s.qStart() + t;
      int last = (int) (s.kLength() - s.qLength() + t);
      int first = first(spec, last);
      float max = Float.NEGATIVE_INFINITY;
      for (int j = first; j <= last; j++) {
        scores[j] = score(q, k, type, spec, row, head, s.row(j), kvHead);
        max = Math.max(max, scores[j]);
      }
      double total = 0;
      Arrays.fill(sum, 0);
      for (int j = first; j <= last; j++) {
        float p = (float) Math.exp(scores[j] - max);
        total += p;
        long at = (s.row(j) * spec.kvHeads() + kvHead) * vd;
        for (int d = 0; d < vd; d++) {
          sum[d] += p * get(v, type, at + d);
        }
      }
      long at = (row * spec.heads() + head) * vd;
      float inverse = (float) (1 / total);
      for (int d = 0; d < vd; d++) {
        set(out, at + d, sum[d] * inverse);
      }
      if (lse != null) {
        set(lse, head * s.queries() + row, (float) (max + Math.log(total)));
      }
    }
  }

  static void backward(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Kernels.Sequence s, int kvHead,
      MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
    int group = spec.heads() / spec.kvHeads();
    for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
      for (long t = 0; t < s.qLength(); t++) {
        backwardRow(q, k, v, spec, s, kvHead, head, t, out, lse, dout, dq, dk, dv);
      }
    }
  }

  private static void backwardRow(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Kernels.Sequence s, int kvHead, int head,
      long t, MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk,
      MemorySegment dv) {
    int hd = spec.headDim();
    int vd = spec.valueDim();
    long row = s.qStart() + t;
    int last = (int) (s.kLength() - s.qLength() + t);
    long outAt = (row * spec.heads() + head) * vd;
    long qAt = (row * spec.heads() + head) * hd;
    float delta = dot(out, outAt, dout, outAt, vd);
    float norm = get(lse, head * s.queries() + row);
    float[] dqRow = new float[hd];
    for (int j = first(spec, last); j <= last; j++) {
      long key = s.kStart() + j;
      long kAt = (key * spec.kvHeads() + kvHead) * hd;
      long vAt = (key * spec.kvHeads() + kvHead) * vd;
      float score = score(q, k, DType.F32, spec, row, head, key, kvHead);
      float p = (float) Math.exp(score - norm);
      float ds = p * (dot(dout, outAt, v, vAt, vd) - delta);
      if (spec.softCap() > 0) {
        float capped = score / spec.softCap();
        ds *= 1 - capped * capped;
      }
      ds *= spec.scale();
      for (int d = 0; d < hd; d++) {
        dqRow[d] += ds * get(k, kAt + d);
        set(dk, kAt + d, get(dk, kAt + d) + ds * get(q, qAt + d));
      }
      for (int d = 0; d < vd; d++) {
        set(dv, vAt + d, get(dv, vAt + d) + p * get(dout, outAt + d));
      }
    }
    for (int d = 0; d < hd; d++) {
      set(dq, qAt + d, dqRow[d]);
    }
  }

  private static int first(AttentionSpec spec, int last) {
    return spec.window() == 0 ? 0 : Math.max(0, last - spec.window() + 1);
  }

  private static float score(
      MemorySegment q, MemorySegment k, DType type, AttentionSpec spec, long row, int head, long key, int kvHead) {
    int hd = spec.headDim();
    long at = (row * spec.heads() + head) * hd;
    long kAt = (key * spec.kvHeads() + kvHead) * hd;
    float sum = 0;
    for (int d = 0; d < hd; d++) {
      sum += get(q, at + d) * get(k, type, kAt + d);
    }
    float s = spec.scale() * sum;
    return spec.softCap() > 0 ? (float) (spec.softCap() * Math.tanh(s / spec.softCap())) : s;
  }

  private static float dot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
    float sum = 0;
    for (int d = 0; d < n; d++) {
      sum += get(a, aAt + d) * get(b, bAt + d);
    }
    return sum;
  }
}
