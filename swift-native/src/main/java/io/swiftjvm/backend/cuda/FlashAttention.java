package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.backend.KernelTypes;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Attention on tensor cores beside weights of 16 bits or less: operands are rounded to bf16 first, keys that lie in pages
 * put one behind the other. {@link Attention} has the float32 twin, which also takes what is too small or too wide here.
 */
final class FlashAttention {
  private static final int OWN = 64;
  private static final int THREADS = 128;
  /** Rows of a sequence below which most of a block would be empty; the twin reads the keys as they lie. */
  private static final int FEW = 32;
  /** The widest heads whose gradients fit into registers and shared memory. */
  private static final int WIDEST_BACKWARD = 128;
  private static final int OTHERS_BACKWARD = 32;
  private static final String TWIN = "computed in float32";

  private final CudaBackend backend;
  private final Session session;
  private final Kernels kernels;
  private final IdChecks checks;
  private final Fallbacks fallbacks;
  private final boolean tensorCores;
  private final Tiles queries;
  private final Tiles keys;
  private @Nullable Packed packed;

  FlashAttention(CudaBackend backend, Session session, Kernels kernels, IdChecks checks) {
    this.session = session;
    this.backend = backend;
    this.kernels = kernels;
    this.checks = checks;
    fallbacks = backend.fallbacks();
    tensorCores = session.capability() >= Products.TENSOR_CORES_FROM;
    queries = new Tiles(backend, session, OWN, true);
    keys = new Tiles(backend, session, OWN, false);
  }

  /** Sequences of paged keys as they lie without pages; starts: their first rows, the end, their first pages. */
  private record Packed(Segments of, Segments dense, Tensor starts, int rows) {}

  /** True if there is a kernel for the forward pass and use for it. */
  boolean takes(AttentionSpec spec, Segments segments) {
    // What is done again must find its keys in their pages.
    if (session.book() != null) {
      return false;
    }
    long rows = 0;
    for (int length : segments.qLength()) {
      rows += length;
    }
    rows *= spec.heads() / spec.kvHeads();
    return rows >= (long) FEW * segments.count() && rounds(spec, "attention");
  }

  /** True if there are kernels for the gradients. */
  boolean takesGradients(AttentionSpec spec) {
    if (!rounds(spec, "attentionBackward")) {
      return false;
    }
    if (Attention.size(spec) > WIDEST_BACKWARD) {
      fallbacks.other("attentionBackward by " + spec.weights().shortName(),
          "heads wider than " + WIDEST_BACKWARD + " have no kernel on tensor cores, " + TWIN);
      return false;
    }
    return true;
  }

  private boolean rounds(AttentionSpec spec, String what) {
    if (spec.weights() == DType.F32 || !Attention.fits(spec)) {
      return false;
    }
    if (!tensorCores) {
      fallbacks.other(what + " by " + spec.weights().shortName(), "no tensor cores here, " + TWIN);
    }
    return tensorCores;
  }

  private static int padded(int dim) {
    return Math.ceilDiv(dim, 16) * 16;
  }

  /** Bytes of so many rows in shared memory. */
  private static int shared(int rows, int size) {
    return rows * (size + 8) * Short.BYTES;
  }

  private Tensor narrow(Scope scope, Tensor x, int heads, int dim) {
    return narrow(scope, x, heads, dim, null, null);
  }

  private Tensor narrow(
      Scope scope, Tensor x, int heads, int dim, Segments.@Nullable Pages pages, @Nullable Packed dense) {
    int width = padded(dim);
    long rows = dense == null ? x.dim(0) : dense.rows;
    Tensor out = scope.tensor(DType.BF16, rows, (long) heads * width);
    kernels.start("swift_flash_narrow").of(x).of(KernelTypes.code(x.dtype())).of(heads).of(dim).of(width)
        .of(dense == null ? null : dense.starts).of(dense == null ? 0 : dense.of.count())
        .of(pages == null ? null : pages.table()).of(pages == null ? 1 : pages.size())
        .of(pages == null ? 0 : Math.toIntExact(x.dim(0) / pages.size())).of(out).elements(out.size() / 8);
    return out;
  }

  synchronized void forward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    long nq = q.dim(0);
    boolean all = Tiles.covers(segments, nq);
    if (!all) {
      backend.fill(out, 0);
    }
    Segments.Pages pages = segments.pages();
    Packed dense = pages == null ? null : packed(segments);
    if (pages != null) {
      Attention.check(kernels, checks, pages, k);
    }
    Tiles.Cut cut = queries.of(dense == null ? segments : dense.dense, spec.heads() / spec.kvHeads());
    if (cut.count() == 0) {
      return;
    }
    int size = Attention.size(spec);
    int others = size == Attention.WIDEST ? 32 : 64;
    int splits = all ? Attention.splits(cut, spec, OWN) : 1;
    int shared = shared(OWN + 4 * others, size);
    try (Scope scope = new Scope(backend)) {
      Tensor parts = splits == 1 ? out : scope.floats(splits, nq, (long) spec.heads() * spec.valueDim());
      Tensor sums = splits == 1 ? lse : scope.floats(splits, spec.heads(), nq);
      Tensor q16 = narrow(scope, q, spec.heads(), spec.headDim());
      Tensor k16 = narrow(scope, k, spec.kvHeads(), spec.headDim(), pages, dense);
      Tensor v16 = narrow(scope, v, spec.kvHeads(), spec.valueDim(), pages, dense);
      Attention.layer(kernels.start("swift_flash_" + size, shared).of(q16).of(k16).of(v16).of(cut.table()), spec, nq)
          .of(parts).of(sums).of(splits).run(cut.count(), spec.kvHeads(), splits, THREADS, shared);
      if (sums != null && splits > 1) {
        Attention.join(kernels, parts, sums, spec, nq, out, lse);
      }
    }
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
    int size = Attention.size(spec);
    int shared = shared(2 * OWN + 4 * OTHERS_BACKWARD, size);
    try (Scope scope = new Scope(backend)) {
      Tensor delta = scope.floats(nq * spec.heads());
      Attention.delta(kernels, out, dout, spec, delta);
      Tensor q16 = narrow(scope, q, spec.heads(), spec.headDim());
      Tensor k16 = narrow(scope, k, spec.kvHeads(), spec.headDim());
      Tensor v16 = narrow(scope, v, spec.kvHeads(), spec.valueDim());
      Tensor dout16 = narrow(scope, dout, spec.heads(), spec.valueDim());
      Attention.layer(kernels.start("swift_flash_dq_" + size, shared).of(q16).of(k16).of(v16).of(dout16)
          .of(byQueries.table()), spec, nq).of(lse).of(delta).of(dq)
          .run(byQueries.count(), spec.kvHeads(), 1, THREADS, shared);
      // Beside the rows, three numbers of each of two buffers of others.
      int more = shared + 3 * 2 * OTHERS_BACKWARD * Float.BYTES;
      Attention.layer(kernels.start("swift_flash_dkv_" + size, more).of(q16).of(k16).of(v16).of(dout16)
          .of(byKeys.table()), spec, nq).of(lse).of(delta).of(dk).of(dv)
          .run(byKeys.count(), spec.kvHeads(), 1, THREADS, more);
    }
  }

  @SuppressWarnings("ReferenceEquality") // as in Tiles: the same segments come again layer by layer
  private Packed packed(Segments segments) {
    Packed found = packed;
    if (found != null && found.of == segments) {
      return found;
    }
    closePacked();
    int n = segments.count();
    int[] first = new int[n];
    int[] numbers = new int[2 * n + 1];
    int rows = 0;
    for (int s = 0; s < n; s++) {
      first[s] = rows;
      numbers[s] = rows;
      numbers[n + 1 + s] = segments.kStart()[s];
      rows = Math.addExact(rows, segments.kLength()[s]);
    }
    numbers[n] = rows;
    Tensor starts = Tensor.of(backend.allocate(4L * numbers.length), DType.I32, numbers.length);
    starts.write(MemorySegment.ofArray(numbers), 0);
    found = new Packed(
        segments, new Segments(segments.qStart(), segments.qLength(), first, segments.kLength()), starts, rows);
    packed = found;
    return found;
  }

  private void closePacked() {
    Packed old = packed;
    if (old != null) {
      old.starts.storage().release();
      packed = null;
    }
  }

  synchronized void close() {
    queries.close();
    keys.close();
    closePacked();
  }
}
