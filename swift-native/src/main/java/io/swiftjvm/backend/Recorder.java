package io.swiftjvm.backend;

import io.swiftjvm.error.Closing;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stands before a backend during one pass, does what it is asked, and remembers it: a step of decoding is the same
 * operations on the same tensors every time, and asking again costs more than what small models compute. Memory that
 * the pass gives back is used again within the recording only, so that its tensors stay what they are.
 *
 * {@snippet :
 * try (Recorder recorder = new Recorder(backend, segments)) {
 *   Scope scope = new Scope(recorder);
 *   Tensor logits = model.logits(pass, hidden); // of Ops over this recorder and scope
 *   try (Replay replay = recorder.replay()) {
 *     replay.run(later); // logits are those of what ids, positions and segments are now
 *   }
 * }
 * }
 *
 * <p>What the host reads or writes on the way would be missing in a replay: such a pass is computed all the same, but
 * {@link #obstacle} says why it cannot be repeated. For one thread.
 */
public final class Recorder implements Backend {
  private final Backend inner;
  private final Segments recorded;
  private final List<Replay.Operation> steps = new ArrayList<>();
  private final List<Storage> kept = new ArrayList<>();
  private @Nullable String obstacle;

  /**
   * A recorder of one pass.
   *
   * @param inner what computes
   * @param recorded the segments that a replay puts others in the place of
   */
  public Recorder(Backend inner, Segments recorded) {
    this.inner = inner;
    this.recorded = recorded;
  }

  /** Why the pass cannot be done again, or null if it can. */
  public @Nullable String obstacle() {
    return obstacle;
  }

  /** What was recorded; usable until this recorder is closed. */
  public Replay replay() {
    if (obstacle != null) {
      throw new IllegalStateException("this pass cannot be done again: " + obstacle);
    }
    return inner.replay(steps);
  }

  private void step(Replay.Operation step) {
    step.run(inner, recorded);
    steps.add(step);
  }

  private void cannot(String reason) {
    if (obstacle == null) {
      obstacle = reason;
    }
  }

  @Override
  public Storage allocate(long bytes) {
    for (Storage storage : kept) {
      if (storage.bytes() == bytes && storage.references() == 1) {
        storage.retain();
        return storage;
      }
    }
    Storage storage = inner.allocate(bytes);
    storage.retain();
    kept.add(storage);
    return storage;
  }

  /** Gives the memory of the pass back; the backend stays open. */
  @Override
  public void close() {
    try {
      Closing.each(kept, Storage::release);
    } finally {
      kept.clear();
    }
  }

  @Override
  public Device device() {
    return inner.device();
  }

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public Capabilities capabilities() {
    return inner.capabilities();
  }

  @Override
  public Fallbacks fallbacks() {
    return inner.fallbacks();
  }

  @Override
  public DType weightType(DType stored) {
    return inner.weightType(stored);
  }

  @Override
  public void upload(MemorySegment source, Tensor target) {
    cannot("values come from the host on the way");
    inner.upload(source, target);
  }

  @Override
  public void download(Tensor source, MemorySegment target) {
    cannot("the host looks at values on the way");
    inner.download(source, target);
  }

  @Override
  public double sumSquares(Tensor x) {
    cannot("the host looks at values on the way");
    return inner.sumSquares(x);
  }

  @Override
  public boolean isFinite(Tensor x) {
    cannot("the host looks at values on the way");
    return inner.isFinite(x);
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    step((on, _) -> on.copy(source, target));
  }

  @Override
  public void fill(Tensor target, float value) {
    step((on, _) -> on.fill(target, value));
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    step((on, _) -> on.cast(source, target));
  }

  @Override
  public void quantize(Tensor source, Tensor target) {
    step((on, _) -> on.quantize(source, target));
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta) {
    step((on, _) -> on.matmul(a, transposeA, b, transposeB, out, alpha, beta));
  }

  @Override
  public void linear(Tensor x, Tensor w, @Nullable Tensor bias, Tensor y) {
    step((on, _) -> on.linear(x, w, bias, y));
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    step((on, _) -> on.binary(op, a, b, out));
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    step((on, _) -> on.unary(op, x, out));
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    step((on, _) -> on.unaryBackward(op, x, dy, dx));
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    step((on, _) -> on.scale(x, alpha, out));
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    step((on, _) -> on.axpy(alpha, x, y));
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    step((on, _) -> on.reduceColumns(op, x, out));
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    step((on, _) -> on.sumRows(x, out, beta));
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    step((on, _) -> on.softmax(x, out));
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    step((on, _) -> on.gatherRows(table, ids, out));
  }

  @Override
  public void scatterRows(Tensor rows, Tensor ids, Tensor table) {
    step((on, _) -> on.scatterRows(rows, ids, table));
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor ids, Tensor table) {
    step((on, _) -> on.scatterAddRows(rows, ids, table));
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    step((on, _) -> on.sliceColumns(x, from, out));
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    step((on, _) -> on.pasteColumns(x, out, to));
  }

  @Override
  public void dropout(Tensor x, float p, long key, Tensor out) {
    cannot("dropout has a key of its own every time");
    inner.dropout(x, p, key, out);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    step((on, _) -> on.rmsNorm(x, w, shift, eps, y, rstd));
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    step((on, _) -> on.rmsNormBackward(x, w, shift, rstd, dy, dx, dw));
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {
    step((on, _) -> on.rope(x, cos, sin, interleaved, inverse, out));
  }

  @Override
  public void gated(Unary act, Tensor gate, Tensor up, Tensor out) {
    step((on, _) -> on.gated(act, gate, up, out));
  }

  @Override
  public void gatedBackward(Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {
    step((on, _) -> on.gatedBackward(act, gate, up, dout, dgate, dup));
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the segments of this very pass are meant
  public void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    if (segments == recorded) {
      step((on, now) -> on.attention(q, k, v, spec, now, out, lse));
    } else {
      step((on, _) -> on.attention(q, k, v, spec, segments, out, lse));
    }
  }

  @Override
  public void attentionBackward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout,
      Tensor dq, Tensor dk, Tensor dv) {
    step((on, _) -> on.attentionBackward(q, k, v, spec, segments, out, lse, dout, dq, dk, dv));
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {
    step((on, _) -> on.crossEntropy(logits, labels, nll, gradScale));
  }

  @Override
  public void argmax(Tensor x, Tensor out) {
    step((on, _) -> on.argmax(x, out));
  }

  @Override
  public void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
    step((on, _) -> on.adamW(p, g, m, v, step));
  }
}
