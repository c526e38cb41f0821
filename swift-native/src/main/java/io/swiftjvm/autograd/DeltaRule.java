package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Linear attention with the gated delta rule (arXiv 2412.06464): for every value head a state S (keyDim,valueDim) with
 * {@code S = exp(g) S; S += k (beta (v - S^T k))^T; out = S^T q}. Computed on the host, head by head in parallel.
 */
public final class DeltaRule {
  /** Rows between two states that are kept for the backward pass; those between are computed again. */
  private static final int CHUNK = 64;

  /**
   * Sizes.
   *
   * @param keyHeads heads of q and k; divides valueHeads
   * @param valueHeads heads of v, of gates and of the state
   * @param keyDim width of a key head
   * @param valueDim width of a value head
   */
  public record Spec(int keyHeads, int valueHeads, int keyDim, int valueDim) {
    /** Elements of the state of all heads. */
    public long stateSize() {
      return (long) valueHeads * keyDim * valueDim;
    }
  }

  /** Arguments on the host. q and k (n,keyHeads*keyDim), v (n,valueHeads*valueDim), decay and beta (n,valueHeads). */
  private record Inputs(Spec spec, float[] q, float[] k, float[] v, float[] decay, float[] beta) {}

  /** Gradients, shaped like the inputs. */
  private record Changes(float[] q, float[] k, float[] v, float[] decay, float[] beta) {
    Changes(Inputs in) {
      this(new float[in.q.length], new float[in.k.length], new float[in.v.length], new float[in.decay.length],
          new float[in.beta.length]);
    }
  }

  private DeltaRule() {}

  /**
   * The output (n,valueHeads*valueDim).
   *
   * @param logDecay g, (n,valueHeads), at most 0
   * @param runs which rows belong together; a state has {@link Spec#stateSize()} elements
   */
  public static Tensor apply(
      Ops ops, Tensor q, Tensor k, Tensor v, Tensor logDecay, Tensor beta, Spec spec, List<Recurrence> runs) {
    Backend backend = ops.backend();
    Inputs in = inputs(backend, spec, q, k, v, logDecay, beta);
    float[] out = new float[in.v.length];
    heads(spec).forEach(h -> {
      for (Recurrence run : runs) {
        float[] state = state(backend, run.before(), spec, h);
        for (int t = run.from(); t < run.from() + run.count(); t++) {
          step(in, h, t, state, new float[spec.valueDim()]);
          read(in, h, t, state, out);
        }
        Tensor after = run.after();
        if (after != null) {
          backend.upload(MemorySegment.ofArray(state), after.view(spec.valueHeads(), state.length).slice(h, 1));
        }
      }
    });
    Tensor y = ops.floats(v.shape());
    backend.upload(MemorySegment.ofArray(out), y);
    boolean wants = q.requiresGrad() || k.requiresGrad() || v.requiresGrad() || logDecay.requiresGrad()
        || beta.requiresGrad();
    return ops.track(wants, y, (dy, into, s) -> {
      Inputs again = inputs(backend, spec, q, k, v, logDecay, beta);
      float[] d = SinkAttention.host(backend, dy);
      Changes changes = new Changes(again);
      // Heads that share a key add to the same places, so the parallel unit is the key head.
      IntStream.range(0, spec.keyHeads()).parallel().forEach(key -> {
        int group = spec.valueHeads() / spec.keyHeads();
        for (int h = key * group; h < (key + 1) * group; h++) {
          for (Recurrence run : runs) {
            backward(again, h, run.from(), run.from() + run.count(), d, changes);
          }
        }
      });
      add(into, q, s, changes.q);
      add(into, k, s, changes.k);
      add(into, v, s, changes.v);
      add(into, logDecay, s, changes.decay);
      add(into, beta, s, changes.beta);
    }, q, k, v, logDecay, beta);
  }

  /** {@code g = -exp(decay) * softplus(a + bias)}: a (n,heads), bias and decay (heads) of any float type. */
  public static Tensor logDecay(Ops ops, Tensor a, Tensor bias, Tensor decay) {
    Backend backend = ops.backend();
    int heads = (int) a.columns();
    float[] x = SinkAttention.host(backend, a);
    float[] shift = SinkAttention.host(backend, Broadcasts.wide(ops, bias));
    float[] rate = SinkAttention.host(backend, Broadcasts.wide(ops, decay));
    float[] g = new float[x.length];
    float[] slope = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      double at = x[i] + shift[i % heads];
      double soft = at > 20 ? at : Math.log1p(Math.exp(at));
      double factor = -Math.exp(rate[i % heads]);
      g[i] = (float) (factor * soft);
      slope[i] = (float) (factor / (1 + Math.exp(-at)));
    }
    Tensor y = ops.floats(a.shape());
    backend.upload(MemorySegment.ofArray(g), y);
    return ops.track(a.requiresGrad() || bias.requiresGrad() || decay.requiresGrad(), y, (dy, into, s) -> {
      float[] d = SinkAttention.host(backend, dy);
      float[] da = new float[d.length];
      float[] dBias = new float[heads];
      float[] dDecay = new float[heads];
      for (int i = 0; i < d.length; i++) {
        da[i] = d[i] * slope[i];
        dBias[i % heads] += da[i];
        dDecay[i % heads] += d[i] * g[i];
      }
      add(into, a, s, da);
      add(into, bias, s, dBias);
      add(into, decay, s, dDecay);
    });
  }

  private static IntStream heads(Spec spec) {
    return IntStream.range(0, spec.valueHeads()).parallel();
  }

  private static void add(Gradients into, Tensor x, Scope scope, float[] gradient) {
    if (x.requiresGrad()) {
      into.add(x, scope.floats(gradient, x.shape()));
    }
  }

  private static Inputs inputs(
      Backend backend, Spec spec, Tensor q, Tensor k, Tensor v, Tensor logDecay, Tensor beta) {
    return new Inputs(spec, SinkAttention.host(backend, q), SinkAttention.host(backend, k),
        SinkAttention.host(backend, v), SinkAttention.host(backend, logDecay), SinkAttention.host(backend, beta));
  }

  private static float[] state(Backend backend, @Nullable Tensor before, Spec spec, int h) {
    int size = spec.keyDim() * spec.valueDim();
    return before == null ? new float[size]
        : SinkAttention.host(backend, before.view(spec.valueHeads(), size).slice(h, 1));
  }

  private static int key(Spec spec, int h, int t) {
    return (t * spec.keyHeads() + h / (spec.valueHeads() / spec.keyHeads())) * spec.keyDim();
  }

  /** One row of one head: the state moves on, {@code delta} receives beta (v - S^T k). */
  private static void step(Inputs in, int h, int t, float[] state, float[] delta) {
    Spec spec = in.spec;
    int gate = t * spec.valueHeads() + h;
    int vd = spec.valueDim();
    int k = key(spec, h, t);
    int v = gate * vd;
    float decay = (float) Math.exp(in.decay[gate]);
    Arrays.fill(delta, 0);
    for (int i = 0; i < spec.keyDim(); i++) {
      float ki = in.k[k + i];
      for (int j = 0; j < vd; j++) {
        state[i * vd + j] *= decay;
        delta[j] += ki * state[i * vd + j];
      }
    }
    for (int j = 0; j < vd; j++) {
      delta[j] = in.beta[gate] * (in.v[v + j] - delta[j]);
    }
    for (int i = 0; i < spec.keyDim(); i++) {
      float ki = in.k[k + i];
      for (int j = 0; j < vd; j++) {
        state[i * vd + j] += ki * delta[j];
      }
    }
  }

  private static void read(Inputs in, int h, int t, float[] state, float[] out) {
    Spec spec = in.spec;
    int vd = spec.valueDim();
    int q = key(spec, h, t);
    int o = (t * spec.valueHeads() + h) * vd;
    for (int i = 0; i < spec.keyDim(); i++) {
      float qi = in.q[q + i];
      for (int j = 0; j < vd; j++) {
        out[o + j] += qi * state[i * vd + j];
      }
    }
  }

  /** A run of one head, chunk by chunk from its end; the states of a chunk are made again from its start. */
  private static void backward(Inputs in, int h, int from, int to, float[] dy, Changes changes) {
    Spec spec = in.spec;
    int size = spec.keyDim() * spec.valueDim();
    int chunks = Math.ceilDiv(to - from, CHUNK);
    float[][] starts = new float[chunks][];
    float[] state = new float[size];
    float[] delta = new float[spec.valueDim()];
    for (int t = from; t < to; t++) {
      if ((t - from) % CHUNK == 0) {
        starts[(t - from) / CHUNK] = state.clone();
      }
      step(in, h, t, state, delta);
    }
    float[] dState = new float[size];
    float[][] states = new float[CHUNK + 1][];
    float[][] deltas = new float[CHUNK][];
    for (int c = chunks - 1; c >= 0; c--) {
      int first = from + c * CHUNK;
      int last = Math.min(to, first + CHUNK);
      states[0] = starts[c];
      for (int t = first; t < last; t++) {
        states[t - first + 1] = states[t - first].clone();
        deltas[t - first] = new float[spec.valueDim()];
        step(in, h, t, states[t - first + 1], deltas[t - first]);
      }
      for (int t = last - 1; t >= first; t--) {
        backwardStep(in, h, t, states[t - first], states[t - first + 1], deltas[t - first], dy, dState, changes);
      }
    }
  }

  /** {@code dState} is the gradient of the state behind row t and becomes that of the state before it. */
  private static void backwardStep(
      Inputs in, int h, int t, float[] before, float[] after, float[] delta, float[] dy, float[] dState,
      Changes changes) {
    Spec spec = in.spec;
    int vd = spec.valueDim();
    int gate = t * spec.valueHeads() + h;
    int k = key(spec, h, t);
    int v = gate * vd;
    float beta = in.beta[gate];
    float decay = (float) Math.exp(in.decay[gate]);
    float[] dDelta = new float[vd];
    for (int i = 0; i < spec.keyDim(); i++) {
      float dq = 0;
      float dk = 0;
      float qi = in.q[k + i];
      float ki = in.k[k + i];
      for (int j = 0; j < vd; j++) {
        dq += after[i * vd + j] * dy[v + j];
        dState[i * vd + j] += qi * dy[v + j];
        dk += dState[i * vd + j] * delta[j];
        dDelta[j] += dState[i * vd + j] * ki;
      }
      changes.q[k + i] += dq;
      changes.k[k + i] += dk;
    }
    float dBeta = 0;
    float[] seen = new float[vd];
    for (int i = 0; i < spec.keyDim(); i++) {
      for (int j = 0; j < vd; j++) {
        seen[j] += in.k[k + i] * decay * before[i * vd + j];
      }
    }
    for (int j = 0; j < vd; j++) {
      dBeta += dDelta[j] * (in.v[v + j] - seen[j]);
      dDelta[j] *= beta;
      changes.v[v + j] += dDelta[j];
    }
    float dDecay = 0;
    for (int i = 0; i < spec.keyDim(); i++) {
      float dk = 0;
      float ki = in.k[k + i];
      for (int j = 0; j < vd; j++) {
        int at = i * vd + j;
        float faded = decay * before[at];
        dk -= faded * dDelta[j];
        dState[at] -= ki * dDelta[j];
        dDecay += dState[at] * faded;
        dState[at] *= decay;
      }
      changes.k[k + i] += dk;
    }
    changes.beta[gate] += dBeta;
    changes.decay[gate] += dDecay;
  }
}
