package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.KernelTypes;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Launches the attention kernels: cuts sequences into blocks of rows and sizes their shared memory. One call at a time: the
 * blocks of the last one are kept, and given back by the next, which must not come before its kernels are launched.
 */
final class Attention {
  /** The widest head that the kernels keep in registers. */
  static final int WIDEST = 256;
  private static final int OWN = 16;
  private static final int OTHERS = 32;
  private static final int THREADS = 128;
  private static final int WARPS = 4;
  private static final long BUSY = 96;
  /** Keys that are worth a block of their own. */
  private static final int SHARE = 256;
  private static final int MOST_SHARES = 32;

  private final CudaBackend backend;
  private final Kernels kernels;
  private final IdChecks checks;
  private final Tiles queries;
  private final Tiles keys;

  Attention(CudaBackend backend, Session session, Kernels kernels, IdChecks checks) {
    this.backend = backend;
    this.kernels = kernels;
    this.checks = checks;
    queries = new Tiles(backend, session, OWN, true);
    keys = new Tiles(backend, session, OWN, false);
  }

  static boolean fits(AttentionSpec spec) {
    return spec.headDim() <= WIDEST && spec.valueDim() <= WIDEST;
  }

  /** Shared memory for own and other rows of these widths. */
  private static int shared(int ownFloats, int otherFloats) {
    return Float.BYTES * (OWN * ownFloats + OTHERS * otherFloats + WARPS * (OWN / WARPS) * OTHERS);
  }

  private static int padded(int dim) {
    return Math.ceilDiv(dim, 4) * 4;
  }

  static int size(AttentionSpec spec) {
    int dim = Math.max(spec.headDim(), spec.valueDim());
    return dim <= 64 ? 64 : dim <= 128 ? 128 : WIDEST;
  }

  /** What the kernels' {@code Layer} is made of. */
  static Launch layer(Launch launch, AttentionSpec spec, long queries) {
    return launch.of(spec.heads()).of(spec.kvHeads()).of(spec.headDim()).of(spec.valueDim()).of(spec.window())
        .of(spec.scale()).of(spec.softCap()).of(Math.toIntExact(queries));
  }

  synchronized void forward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    Segments.Pages pages = segments.pages();
    long nq = q.dim(0);
    boolean all = Tiles.covers(segments, nq);
    if (!all) {
      backend.fill(out, 0);
    }
    if (pages != null) {
      check(kernels, checks, pages, k);
    }
    Tiles.Cut cut = queries.of(segments, spec.heads() / spec.kvHeads());
    if (cut.count() == 0) {
      return;
    }
    int splits = all ? splits(cut, spec, OWN) : 1;
    int hp = padded(spec.headDim());
    int vp = padded(spec.valueDim());
    try (Scope scope = new Scope(backend)) {
      Tensor parts = splits == 1 ? out : scope.floats(splits, nq, (long) spec.heads() * spec.valueDim());
      Tensor sums = splits == 1 ? lse : scope.floats(splits, spec.heads(), nq);
      layer(kernels.start("swift_attention_" + size(spec), shared(hp, hp + 4 + vp + 4)).of(q).of(k).of(v)
          .of(KernelTypes.code(k.dtype())).of(cut.table()).of(pages == null ? null : pages.table())
          .of(pages == null ? 1 : pages.size()).of(pages == null ? 0 : Math.toIntExact(k.dim(0) / pages.size())), spec, nq).of(parts).of(sums).of(splits)
          .run(cut.count(), spec.kvHeads(), splits, THREADS, shared(hp, hp + 4 + vp + 4));
      if (sums != null && splits > 1) {
        join(kernels, parts, sums, spec, nq, out, lse);
      }
    }
  }

  /**
   * Remembers pages that are not in the cache. A graph looks at as many as its first step had: the kernels themselves read
   * nothing outside, and the cache that writes the table gives no others.
   */
  static void check(Kernels kernels, IdChecks checks, Segments.Pages pages, Tensor k) {
    Tensor table = IdChecks.ids(pages.table());
    kernels.start("swift_check_ids").of(table).of(k.dim(0) / pages.size()).of(false)
        .of(checks.flag(IdChecks.Where.PAGES)).elements(table.size());
  }

  /** Adds the shares of a row's keys up. */
  static void join(
      Kernels kernels, Tensor parts, Tensor sums, AttentionSpec spec, long nq, Tensor out, @Nullable Tensor lse) {
    kernels.start("swift_attention_join").of(parts).of(sums).of((int) parts.dim(0)).of((int) nq).of(spec.heads())
        .of(spec.valueDim()).of(out).of(lse).elements(out.size());
  }

  /** Blocks that share the keys of a row where blocks of {@code own} rows alone leave the device idle. */
  static int splits(Tiles.Cut cut, AttentionSpec spec, int own) {
    long blocks = (long) cut.count() * spec.kvHeads();
    int longest = spec.window() == 0 ? cut.longest() : Math.min(cut.longest(), spec.window() + own);
    return (int) Math.clamp(BUSY / blocks, 1, shares(longest));
  }

  /** Shares of so many keys at most; launches of cuts with as many blocks and shares are the same. */
  static int shares(int longest) {
    return Math.clamp(longest / SHARE, 1, MOST_SHARES);
  }

  synchronized void backward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout,
      Tensor dq, Tensor dk, Tensor dv) {
    long nq = q.dim(0);
    backend.fill(dk, 0);
    backend.fill(dv, 0);
    if (!Tiles.covers(segments, nq)) {
      backend.fill(dq, 0);
    }
    int group = spec.heads() / spec.kvHeads();
    Tiles.Cut byQueries = queries.of(segments, group);
    Tiles.Cut byKeys = keys.of(segments, group);
    if (byQueries.count() == 0) {
      return;
    }
    int hp = padded(spec.headDim());
    int vp = padded(spec.valueDim());
    int shared = shared(hp + vp, hp + 4 + vp + 4);
    try (Scope scope = new Scope(backend)) {
      long rows = nq * spec.heads();
      Tensor delta = scope.floats(rows);
      delta(kernels, out, dout, spec, delta);
      layer(kernels.start("swift_attention_dq_" + size(spec), shared).of(q).of(k).of(v).of(byQueries.table()), spec, nq)
          .of(lse).of(delta).of(dout).of(dq).run(byQueries.count(), spec.kvHeads(), 1, THREADS, shared);
      layer(kernels.start("swift_attention_dkv_" + size(spec), shared).of(q).of(k).of(v).of(byKeys.table()), spec, nq)
          .of(lse).of(delta).of(dout).of(dk).of(dv).run(byKeys.count(), spec.kvHeads(), 1, THREADS, shared);
    }
  }

  /** delta = out . dout of each row of each head. */
  static void delta(Kernels kernels, Tensor out, Tensor dout, AttentionSpec spec, Tensor delta) {
    kernels.start("swift_attention_delta").of(out).of(dout).of(spec.valueDim()).of(delta).of(delta.size())
        .run(Math.ceilDiv(delta.size(), 8L), 1, 1, 256, 0);
  }

  synchronized void close() {
    queries.close();
    keys.close();
  }
}
