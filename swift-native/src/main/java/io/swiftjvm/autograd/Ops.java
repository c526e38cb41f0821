package io.swiftjvm.autograd;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The differentiable operations of one forward pass. Results live in the current scope; with a tape, those that depend
 * on a tensor that wants a gradient are recorded. Used by one thread.
 *
 * {@snippet :
 * try (var scope = new Scope(backend); var tape = new Tape(backend); var grads = new Gradients(backend)) {
 *   var ops = new Ops(backend, tape, scope);
 *   Tensor y = ops.linear(x, w.tracked(), null); // x (n,in), w (out,in) -> (n,out)
 * }
 * }
 */
public final class Ops {
  private final Backend backend;
  private final @Nullable Tape tape;
  private Scope scope;
  private @Nullable Tensor virtual;

  /** Operations that record on {@code tape}, or not at all if it is null. */
  public Ops(Backend backend, @Nullable Tape tape, Scope scope) {
    this.backend = backend;
    this.tape = tape;
    this.scope = scope;
  }

  public Backend backend() {
    return backend;
  }

  /** Where results of the next operation live. */
  public Scope scope() {
    return scope;
  }

  /** True if this pass records for a backward pass. */
  public boolean recording() {
    return tape != null;
  }

  /** Runs {@code body} with its own scope: its temporaries go back at once, its result and what the tape saved stay. */
  public Tensor local(Supplier<Tensor> body) {
    Scope outer = scope;
    try (Scope inner = outer.child()) {
      scope = inner;
      return inner.keep(body.get());
    } finally {
      scope = outer;
    }
  }

  /**
   * Runs {@code steps} one behind the other from {@code x}. What a step leaves in its scope, its result included, goes
   * back as soon as the next step has run, unless the tape needs it; the last result stays.
   */
  public Tensor chain(Tensor x, List<UnaryOperator<Tensor>> steps) {
    Scope outer = scope;
    Tensor y = x;
    Scope held = outer.child();
    try {
      for (UnaryOperator<Tensor> step : steps) {
        Scope next = outer.child();
        scope = next;
        try {
          y = step.apply(y);
        } finally {
          held.close();
          held = next;
        }
      }
      return y == x ? x : held.keep(y);
    } finally {
      scope = outer;
      held.close();
    }
  }

  /**
   * Runs {@code body} without recording and runs it again in the backward pass (gradient checkpointing, arXiv
   * 1604.06174). body must be a pure function of x, of parameters and of {@code needed}, tensors that are kept until
   * then.
   */
  public Tensor checkpoint(Tensor x, BiFunction<Ops, Tensor, Tensor> body, Tensor... needed) {
    if (tape == null) {
      return local(() -> body.apply(this, x));
    }
    Tensor y;
    try (Scope inner = scope.child()) {
      y = inner.keep(body.apply(new Ops(backend, null, inner), x.detached())).tracked();
    }
    List<Tensor> saved = new ArrayList<>(List.of(needed));
    saved.add(x);
    tape.record(y, (dy, into, s) -> {
      try (Tape again = new Tape(backend)) {
        Tensor recomputed;
        // Its own scope: what the inner tape lets go of must be free at once, not at the end of this backward step.
        try (Scope inner = s.child()) {
          recomputed = inner.keep(body.apply(new Ops(backend, again, inner), x));
        }
        if (recomputed.requiresGrad()) {
          again.backward(recomputed, dy, into);
        }
      }
    }, saved.toArray(Tensor[]::new));
    return y;
  }

  /**
   * Runs {@code body}, and of what that saved for the backward pass gives back what can be made again without a product,
   * such as norms and activations; it is made again when the backward pass arrives there (selective activation
   * recomputation, arXiv 2205.05198).
   */
  public Tensor thrifty(Supplier<Tensor> body) {
    if (tape == null) {
      return body.get();
    }
    Tensor[] result = new Tensor[1];
    tape.thrifty(() -> result[0] = body.get());
    return result[0];
  }

  /** {@code x w^T + bias}: x (n,in), w (out,in) of any float type, bias (out) -> (n,out). */
  public Tensor linear(Tensor x, Tensor w, @Nullable Tensor bias) {
    Tensor y = scope.floats(x.rows(), w.dim(0));
    Tensor flat = x.view(x.rows(), x.columns());
    if (bias == null || bias.dtype() == DType.F32) {
      backend.linear(flat, w, bias, y);
    } else {
      try (Scope inner = scope.child()) {
        Tensor wide = inner.floats(bias.shape());
        backend.cast(bias, wide);
        backend.linear(flat, w, wide, y);
      }
    }
    boolean wants = x.requiresGrad() || w.requiresGrad() || (bias != null && bias.requiresGrad());
    return track(wants, y, (dy, into, s) -> {
      if (w.requiresGrad()) {
        backend.matmul(dy, true, flat, false, into.getOrZero(w), 1, 1);
      }
      if (bias != null && bias.requiresGrad()) {
        backend.sumRows(dy, into.getOrZero(bias), 1);
      }
      if (x.requiresGrad()) {
        Tensor dx = s.floats(x.shape());
        backend.matmul(dy, false, w, false, dx.view(x.rows(), x.columns()), 1, 0);
        into.add(x, dx);
      }
    }, w.requiresGrad() ? new Tensor[] {flat, w} : new Tensor[] {w});
  }

  /**
   * {@code y + scale * (x a^T) b^T}, written over y: the low-rank update (arXiv 2106.09685). x (n,in), a (r,in), b
   * (out,r), y (n,out) must be the fresh result of an operation that does not need it again, such as {@link #linear}.
   */
  public Tensor addLowRank(Tensor y, Tensor x, Tensor a, Tensor b, float scale) {
    Tensor flat = x.view(x.rows(), x.columns());
    Tensor u = scope.floats(x.rows(), a.dim(0));
    overwritten(y);
    backend.matmul(flat, false, a, true, u, 1, 0);
    backend.matmul(u, false, b, true, y, scale, 1);
    boolean wants = y.requiresGrad() || x.requiresGrad() || a.requiresGrad() || b.requiresGrad();
    return track(wants, y, (dy, into, s) -> {
      Tensor du = s.floats(x.rows(), a.dim(0));
      backend.matmul(dy, false, b, false, du, scale, 0);
      if (b.requiresGrad()) {
        backend.matmul(dy, true, u, false, into.getOrZero(b), scale, 1);
      }
      if (a.requiresGrad()) {
        backend.matmul(du, true, flat, false, into.getOrZero(a), 1, 1);
      }
      if (x.requiresGrad()) {
        Tensor dx = s.floats(x.shape());
        backend.matmul(du, false, a, false, dx.view(x.rows(), x.columns()), 1, 0);
        into.add(x, dx);
      }
      if (y.requiresGrad()) {
        into.add(y, dy);
      }
    }, flat, u, a, b);
  }

  /** {@code a + b} of equal shapes. */
  public Tensor add(Tensor a, Tensor b) {
    Tensor y = scope.floats(a.shape());
    backend.binary(Binary.ADD, a, b, y);
    return track(a.requiresGrad() || b.requiresGrad(), y, (dy, into, s) -> {
      if (b.requiresGrad()) {
        into.addCopy(b, dy);
      }
      if (a.requiresGrad()) {
        into.add(a, dy);
      }
    });
  }

  /** {@code a * b} of equal shapes. */
  public Tensor multiply(Tensor a, Tensor b) {
    Tensor y = scope.floats(a.shape());
    return cheap(a.requiresGrad() || b.requiresGrad(), y, () -> backend.binary(Binary.MULTIPLY, a, b, y), (dy, into, s) -> {
      if (a.requiresGrad()) {
        Tensor da = s.floats(a.shape());
        backend.binary(Binary.MULTIPLY, dy, b, da);
        into.add(a, da);
      }
      if (b.requiresGrad()) {
        Tensor db = s.floats(b.shape());
        backend.binary(Binary.MULTIPLY, dy, a, db);
        into.add(b, db);
      }
    }, a, b);
  }

  /** {@code alpha * x}. */
  public Tensor scale(Tensor x, float alpha) {
    Tensor y = scope.floats(x.shape());
    backend.scale(x, alpha, y);
    return track(x.requiresGrad(), y, (dy, into, s) -> {
      backend.scale(dy, alpha, dy);
      into.add(x, dy);
    });
  }

  /** The same memory under another shape; keeps the wish for a gradient. */
  public Tensor reshape(Tensor x, long... shape) {
    Tensor view = x.view(shape);
    return x.requiresGrad() ? view.tracked() : view;
  }

  /** An elementwise activation. */
  public Tensor activation(Unary kind, Tensor x) {
    Tensor y = scope.floats(x.shape());
    return cheap(x.requiresGrad(), y, () -> backend.unary(kind, x, y), (dy, into, s) -> {
      backend.unaryBackward(kind, x, dy, dy);
      into.add(x, dy);
    }, x);
  }

  /** {@code act(gate) * up}: SwiGLU when act is SILU. */
  public Tensor gated(Unary act, Tensor gate, Tensor up) {
    Tensor y = scope.floats(gate.shape());
    boolean wants = gate.requiresGrad() || up.requiresGrad();
    return cheap(wants, y, () -> backend.gated(act, gate, up, y), (dy, into, s) -> {
      Tensor dgate = s.floats(gate.shape());
      Tensor dup = s.floats(up.shape());
      backend.gatedBackward(act, gate, up, dy, dgate, dup);
      if (gate.requiresGrad()) {
        into.add(gate, dgate);
      }
      if (up.requiresGrad()) {
        into.add(up, dup);
      }
    }, gate, up);
  }

  /** RMS norm over the last dimension of w's length; x may hold several heads a row. */
  public Tensor rmsNorm(Tensor x, Tensor w, float shift, float eps) {
    long c = w.size();
    Tensor y = scope.floats(x.shape());
    Tensor flat = x.view(x.size() / c, c);
    boolean wants = tape != null && (x.requiresGrad() || w.requiresGrad());
    Tensor rstd = wants ? scope.floats(flat.rows()) : null;
    Tensor normed = y.view(flat.shape());
    if (rstd == null) {
      backend.rmsNorm(flat, w, shift, eps, normed, null);
      return y;
    }
    return cheap(true, y, () -> backend.rmsNorm(flat, w, shift, eps, normed, rstd), (dy, into, s) -> {
      Tensor dx = x.requiresGrad() ? s.floats(x.shape()) : null;
      backend.rmsNormBackward(flat, w, shift, rstd, dy.view(flat.shape()), dx == null ? null : dx.view(flat.shape()),
          w.requiresGrad() ? into.getOrZero(w) : null);
      if (dx != null) {
        into.add(x, dx);
      }
    }, x, w, rstd);
  }

  /**
   * Rotates x (n,heads,headDim) by cos and sin (n,rotary/2), written over x, which must be the fresh result of an
   * operation that does not need it again.
   */
  public Tensor rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved) {
    Runnable turn = () -> backend.rope(x, cos, sin, interleaved, false, x);
    turn.run();
    if (tape != null) {
      tape.remakeChange(x, turn);
    }
    return track(x.requiresGrad(), x, (dy, into, s) -> {
      backend.rope(dy.view(x.shape()), cos, sin, interleaved, true, dy.view(x.shape()));
      into.add(x, dy);
    }, cos, sin);
  }

  /** Causal attention over flat sequences, see {@link Backend#attention}; result (nq, heads*valueDim). */
  public Tensor attention(Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments) {
    long n = q.dim(0);
    Tensor out = scope.floats(n, (long) spec.heads() * spec.valueDim());
    boolean wants = tape != null && (q.requiresGrad() || k.requiresGrad() || v.requiresGrad());
    Tensor lse = wants ? scope.floats(spec.heads(), n) : null;
    Tensor q2 = q.view(n, q.size() / Math.max(n, 1));
    Tensor k2 = k.view(k.dim(0), k.size() / Math.max(k.dim(0), 1));
    Tensor v2 = v.view(v.dim(0), v.size() / Math.max(v.dim(0), 1));
    backend.attention(q2, k2, v2, spec, segments, out, lse);
    if (lse == null) {
      return out;
    }
    return track(true, out, (dy, into, s) -> {
      Tensor dq = s.floats(q.shape());
      Tensor dk = s.floats(k.shape());
      Tensor dv = s.floats(v.shape());
      backend.attentionBackward(q2, k2, v2, spec, segments, out, lse, dy, dq.view(q2.shape()), dk.view(k2.shape()),
          dv.view(v2.shape()));
      if (q.requiresGrad()) {
        into.add(q, dq);
      }
      if (k.requiresGrad()) {
        into.add(k, dk);
      }
      if (v.requiresGrad()) {
        into.add(v, dv);
      }
    }, q, k, v, out, lse);
  }

  /**
   * {@link #attention} whose softmax has one more score for each head, {@code sinks} (heads), that has no value: the
   * weights of a row add up to less than one.
   */
  public Tensor attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, @Nullable Tensor sinks) {
    return sinks == null ? attention(q, k, v, spec, segments) : SinkAttention.apply(this, q, k, v, spec, segments, sinks);
  }

  /**
   * From now on {@link #embedding} answers ids from the end of its table on with these rows (k,c): tokens of a trained
   * prompt, or of something else that has no row in the table.
   */
  public void virtualTokens(Tensor rows) {
    virtual = rows;
  }

  /** Rows of a table (v,c) of any float type at int32 ids (n) -> (n,c). */
  public Tensor embedding(Tensor table, Tensor ids) {
    Tensor extra = virtual;
    if (extra != null) {
      return VirtualRows.embedding(this, table, extra, ids);
    }
    Tensor y = scope.floats(ids.size(), table.dim(1));
    backend.gatherRows(table, ids, y);
    return track(table.requiresGrad(), y, (dy, into, s) -> backend.scatterAddRows(dy, ids, into.getOrZero(table)), ids);
  }

  /** Rows of x (n,c) by int32 index, any number of times -> (ids.size, c). */
  public Tensor selectRows(Tensor x, Tensor ids) {
    Tensor y = scope.floats(ids.size(), x.columns());
    backend.gatherRows(x.detached(), ids, y);
    return track(x.requiresGrad(), y, (dy, into, s) -> {
      Tensor dx = s.floats(x.shape());
      backend.fill(dx, 0);
      backend.scatterAddRows(dy, ids, dx.view(x.rows(), x.columns()));
      into.add(x, dx);
    }, ids);
  }

  /** Inverted dropout; the mask depends on key and position alone, so it is made again instead of kept. */
  public Tensor dropout(Tensor x, float p, long key) {
    if (p <= 0) {
      return x;
    }
    Tensor y = scope.floats(x.shape());
    return cheap(x.requiresGrad(), y, () -> backend.dropout(x, p, key, y), (dy, into, s) -> {
      backend.dropout(dy, p, key, dy);
      into.add(x, dy);
    }, tape != null && tape.isThrifty() ? new Tensor[] {x} : new Tensor[0]);
  }

  /** Must be called by who writes over the result of an operation by other means than those here. */
  public void overwritten(Tensor y) {
    if (tape != null) {
      tape.settle(y);
    }
  }

  /**
   * {@link #track} for what is made by {@code make} from {@code saved} alone at little cost, so that it need not be kept
   * in a {@linkplain #thrifty thrifty} part.
   */
  private Tensor cheap(boolean wants, Tensor y, Runnable make, Tape.Backward backward, Tensor... saved) {
    make.run();
    if (tape != null && wants) {
      tape.remake(y, make);
    }
    return track(wants, y, backward, saved);
  }

  /** Records a node made elsewhere, such as a fused loss; returns the tracked output. */
  public Tensor track(boolean wants, Tensor y, Tape.Backward backward, Tensor... saved) {
    if (tape == null || !wants) {
      return y;
    }
    tape.record(y, backward, saved);
    return y.tracked();
  }

  /** A float32 tensor in the current scope, for operations defined elsewhere. */
  public Tensor floats(long... shape) {
    return scope.tensor(DType.F32, shape);
  }
}
