package io.swiftjvm.autograd;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Attention with a sink: one more score a head in the softmax's denominator. The kernels do not know it: the plain
 * result is scaled by the share that the sink leaves, and with the denominator that contains the sink the plain
 * backward pass is the right one.
 */
final class SinkAttention {
  private SinkAttention() {}

  static Tensor apply(
      Ops ops, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor sinks) {
    Backend backend = ops.backend();
    int n = (int) q.dim(0);
    int heads = spec.heads();
    Tensor q2 = flat(q);
    Tensor k2 = flat(k);
    Tensor v2 = flat(v);
    Tensor out = ops.floats(n, (long) heads * spec.valueDim());
    Tensor lse = ops.floats(heads, n);
    backend.attention(q2, k2, v2, spec, segments, out, lse);
    float[] sums = host(backend, lse);
    float[] sink = host(backend, Broadcasts.wide(ops, sinks));
    float[] share = new float[sums.length];
    float[] lost = new float[sums.length];
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < n; i++) {
        double gap = sink[h] - (double) sums[h * n + i];
        double log = gap > 0 ? gap + Math.log1p(Math.exp(-gap)) : Math.log1p(Math.exp(gap));
        share[i * heads + h] = (float) Math.exp(-log);
        lost[i * heads + h] = (float) Math.exp(gap - log);
        sums[h * n + i] += (float) log;
      }
    }
    backend.upload(MemorySegment.ofArray(sums), lse);
    Tensor factor = ops.floats((long) n * heads, 1);
    backend.upload(MemorySegment.ofArray(share), factor);
    Tensor byHead = out.view((long) n * heads, spec.valueDim());
    backend.binary(Binary.MULTIPLY, byHead, factor, byHead);
    boolean wants = q.requiresGrad() || k.requiresGrad() || v.requiresGrad() || sinks.requiresGrad();
    return ops.track(wants, out, (dy, into, s) -> {
      if (sinks.requiresGrad()) {
        float[] values = host(backend, out);
        float[] d = host(backend, dy);
        float[] gradient = new float[heads];
        for (int i = 0; i < values.length; i++) {
          int head = i / spec.valueDim() % heads;
          gradient[head] -= lost[i / spec.valueDim()] * values[i] * d[i];
        }
        backend.axpy(1, s.floats(gradient, heads), into.getOrZero(sinks).view(heads));
      }
      Tensor dq = s.floats(q.shape());
      Tensor dk = s.floats(k.shape());
      Tensor dv = s.floats(v.shape());
      backend.attentionBackward(q2, k2, v2, spec, segments, out, lse, dy, flat(dq), flat(dk), flat(dv));
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

  private static Tensor flat(Tensor x) {
    return x.view(x.dim(0), x.size() / Math.max(x.dim(0), 1));
  }

  static float[] host(Backend backend, Tensor x) {
    float[] values = new float[Math.toIntExact(x.size())];
    backend.download(x, MemorySegment.ofArray(values));
    return values;
  }
}
