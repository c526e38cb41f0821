package io.swiftjvm.backend;

import static io.swiftjvm.backend.Composed.floats;
import static io.swiftjvm.backend.Composed.ints;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Attention from primitives, one sequence and head at a time: its scores exist whole, so memory is quadratic. */
final class ComposedAttention {
  private final Backend b;
  private final AttentionSpec spec;
  private final Segments segments;
  private final int segment;
  private final int head;
  private final int queries;
  private final int keys;
  private final Scope scope;
  private final Tensor qRows;
  private final Tensor kRows;

  private ComposedAttention(
      Backend b, AttentionSpec spec, Segments segments, int segment, int head, Scope scope) {
    this.b = b;
    this.spec = spec;
    this.segments = segments;
    this.segment = segment;
    this.head = head;
    this.scope = scope;
    queries = segments.qLength()[segment];
    keys = segments.kLength()[segment];
    int kvHead = head / (spec.heads() / spec.kvHeads());
    qRows = ints(b, scope, queries, i -> (segments.qStart()[segment] + i) * spec.heads() + head);
    int start = segments.kStart()[segment];
    Segments.Pages pages = segments.pages();
    int[] table = pages == null ? new int[0] : hosted(pages.table());
    kRows = ints(b, scope, keys, j -> kvHead + spec.kvHeads()
        * (pages == null ? start + j : table[start + j / pages.size()] * pages.size() + j % pages.size()));
  }

  private int[] hosted(Tensor ids) {
    int[] values = new int[Math.toIntExact(ids.size())];
    b.download(ids, MemorySegment.ofArray(values));
    return values;
  }

  static void forward(
      Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out,
      @Nullable Tensor lse) {
    if (k.dtype() != DType.F32) {
      try (Scope wide = new Scope(b)) {
        Tensor keys = wide.floats(k.shape());
        Tensor values = wide.floats(v.shape());
        b.cast(k, keys);
        b.cast(v, values);
        forward(b, q, keys, values, spec, segments, out, lse);
      }
      return;
    }
    b.fill(out, 0);
    for (int s = 0; s < segments.count(); s++) {
      for (int h = 0; h < spec.heads() && segments.qLength()[s] > 0; h++) {
        try (Scope scope = new Scope(b)) {
          new ComposedAttention(b, spec, segments, s, h, scope).forward(q, k, v, out, lse);
        }
      }
    }
  }

  static void backward(
      Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse,
      Tensor dout, Tensor dq, Tensor dk, Tensor dv) {
    b.fill(dq, 0);
    b.fill(dk, 0);
    b.fill(dv, 0);
    for (int s = 0; s < segments.count(); s++) {
      for (int h = 0; h < spec.heads() && segments.qLength()[s] > 0; h++) {
        try (Scope scope = new Scope(b)) {
          new ComposedAttention(b, spec, segments, s, h, scope).backward(q, k, v, out, lse, dout, dq, dk, dv);
        }
      }
    }
  }

  private void forward(Tensor q, Tensor k, Tensor v, Tensor out, @Nullable Tensor lse) {
    Tensor scores = scores(take(q, spec.headDim(), qRows), take(k, spec.headDim(), kRows));
    b.binary(Binary.ADD, scores, mask(), scores);
    Tensor max = scope.floats(queries, 1);
    Tensor sum = scope.floats(queries, 1);
    b.reduceColumns(Reduction.MAX, scores, max);
    b.binary(Binary.SUBTRACT, scores, max, scores);
    b.unary(Unary.EXP, scores, scores);
    b.reduceColumns(Reduction.SUM, scores, sum);
    b.binary(Binary.DIVIDE, scores, sum, scores);
    Tensor result = scope.floats(queries, spec.valueDim());
    b.matmul(scores, false, take(v, spec.valueDim(), kRows), false, result, 1, 0);
    b.scatterAddRows(result, qRows, byHead(out, spec.valueDim()));
    if (lse != null) {
      b.unary(Unary.LOG, sum, sum);
      b.binary(Binary.ADD, sum, max, sum);
      b.copy(sum, lsePart(lse));
    }
  }

  private void backward(
      Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse, Tensor dout, Tensor dq, Tensor dk, Tensor dv) {
    Tensor query = take(q, spec.headDim(), qRows);
    Tensor key = take(k, spec.headDim(), kRows);
    Tensor upstream = take(dout, spec.valueDim(), qRows);
    Tensor scores = scores(query, key);
    Tensor p = scope.floats(queries, keys);
    b.binary(Binary.ADD, scores, mask(), p);
    b.binary(Binary.SUBTRACT, p, lsePart(lse), p);
    b.unary(Unary.EXP, p, p);
    Tensor dvalue = scope.floats(keys, spec.valueDim());
    b.matmul(p, true, upstream, false, dvalue, 1, 0);
    b.scatterAddRows(dvalue, kRows, byHead(dv, spec.valueDim()));
    Tensor weighted = take(out, spec.valueDim(), qRows);
    b.binary(Binary.MULTIPLY, weighted, upstream, weighted);
    Tensor delta = scope.floats(queries, 1);
    b.reduceColumns(Reduction.SUM, weighted, delta);
    Tensor ds = scope.floats(queries, keys);
    b.matmul(upstream, false, take(v, spec.valueDim(), kRows), true, ds, 1, 0);
    b.binary(Binary.SUBTRACT, ds, delta, ds);
    b.binary(Binary.MULTIPLY, ds, p, ds);
    if (spec.softCap() > 0) {
      b.scale(scores, 1 / spec.softCap(), scores);
      b.unary(Unary.SQUARE, scores, scores);
      b.scale(scores, -1, scores);
      b.binary(Binary.ADD, scores, floats(b, scope, 1), scores);
      b.binary(Binary.MULTIPLY, ds, scores, ds);
    }
    Tensor dquery = scope.floats(queries, spec.headDim());
    b.matmul(ds, false, key, false, dquery, spec.scale(), 0);
    b.scatterAddRows(dquery, qRows, byHead(dq, spec.headDim()));
    Tensor dkey = scope.floats(keys, spec.headDim());
    b.matmul(ds, true, query, false, dkey, spec.scale(), 0);
    b.scatterAddRows(dkey, kRows, byHead(dk, spec.headDim()));
  }

  /** Scaled and capped, not masked. */
  private Tensor scores(Tensor query, Tensor key) {
    Tensor scores = scope.floats(queries, keys);
    b.matmul(query, false, key, true, scores, spec.scale(), 0);
    if (spec.softCap() > 0) {
      b.scale(scores, 1 / spec.softCap(), scores);
      b.unary(Unary.TANH, scores, scores);
      b.scale(scores, spec.softCap(), scores);
    }
    return scores;
  }

  private Tensor mask() {
    float[] mask = new float[queries * keys];
    for (int i = 0; i < queries; i++) {
      int position = keys - queries + i;
      for (int j = 0; j < keys; j++) {
        boolean sees = j <= position && (spec.window() == 0 || j > position - spec.window());
        mask[i * keys + j] = sees ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    return floats(b, scope, mask).view(queries, keys);
  }

  private Tensor take(Tensor x, int dim, Tensor rows) {
    Tensor taken = scope.floats(rows.size(), dim);
    b.gatherRows(byHead(x, dim), rows, taken);
    return taken;
  }

  private static Tensor byHead(Tensor x, int dim) {
    return x.view(x.size() / dim, dim);
  }

  private Tensor lsePart(Tensor lse) {
    long all = lse.size() / spec.heads();
    return lse.view(lse.size(), 1).slice(head * all + segments.qStart()[segment], queries);
  }
}
