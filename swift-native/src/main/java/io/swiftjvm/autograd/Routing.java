package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The choice of experts for every token. It is made on the host: it is small, and the rest of the layer needs to know
 * the counts.
 *
 * @param weights (tokens * topK) differentiable
 * @param experts expert of every entry of weights
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Routing(Tensor weights, int[] experts) {
  private static final float TINY = 1e-20f;

  /** Routes by logits (tokens,experts); {@code bias} (experts) shifts the choice only. */
  public static Routing of(Ops ops, Tensor logits, @Nullable Tensor bias, RouterSpec spec) {
    Backend backend = ops.backend();
    int e = spec.experts();
    int k = spec.topK();
    int n = Math.toIntExact(logits.size() / e);
    float[] scores = scores(SinkAttention.host(backend, logits), spec);
    float[] shift = bias == null ? new float[e] : SinkAttention.host(backend, Broadcasts.wide(ops, bias));
    int[] chosen = new int[n * k];
    float[] weights = new float[n * k];
    float[] sums = new float[n];
    for (int t = 0; t < n; t++) {
      choose(scores, t * e, shift, spec, chosen, t * k);
      weigh(scores, t, chosen, weights, sums, spec);
    }
    Tensor result = ops.floats((long) n * k);
    backend.upload(MemorySegment.ofArray(weights), result);
    Tensor tracked = ops.track(logits.requiresGrad(), result, (dy, into, s) -> {
      float[] d = new float[n * e];
      float[] dw = SinkAttention.host(backend, dy);
      for (int t = 0; t < n; t++) {
        backward(scores, t, chosen, weights, dw, sums[t], spec, d);
      }
      into.add(logits, s.floats(d, logits.shape()));
    });
    return new Routing(tracked, chosen);
  }

  private static float[] scores(float[] logits, RouterSpec spec) {
    int e = spec.experts();
    for (int from = 0; from < logits.length; from += e) {
      switch (spec.score()) {
        case SOFTMAX -> softmax(logits, from, e);
        case SIGMOID -> {
          for (int i = from; i < from + e; i++) {
            logits[i] = (float) (1 / (1 + Math.exp(-logits[i])));
          }
        }
        case SOFTMAX_OF_CHOSEN -> { }
      }
    }
    return logits;
  }

  private static void softmax(float[] x, int from, int count) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      max = Math.max(max, x[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      x[i] = (float) Math.exp(x[i] - max);
      sum += x[i];
    }
    for (int i = from; i < from + count; i++) {
      x[i] = (float) (x[i] / sum);
    }
  }

  /** The best experts of the best groups, best first, earlier ones first among equals. */
  private static void choose(float[] scores, int from, float[] shift, RouterSpec spec, int[] chosen, int at) {
    float[] value = new float[spec.experts()];
    for (int i = 0; i < value.length; i++) {
      value[i] = scores[from + i] + shift[i];
    }
    int size = spec.experts() / spec.groups();
    if (spec.topGroups() < spec.groups()) {
      float[] groups = new float[spec.groups()];
      for (int g = 0; g < groups.length; g++) {
        float best = Float.NEGATIVE_INFINITY;
        float second = Float.NEGATIVE_INFINITY;
        for (int i = g * size; i < (g + 1) * size; i++) {
          second = Math.max(second, Math.min(best, value[i]));
          best = Math.max(best, value[i]);
        }
        groups[g] = spec.groupScore() == RouterSpec.GroupScore.BEST || size == 1 ? best : best + second;
      }
      boolean[] kept = new boolean[groups.length];
      for (int i = 0; i < spec.topGroups(); i++) {
        int best = best(groups);
        kept[best] = true;
        groups[best] = Float.NEGATIVE_INFINITY;
      }
      for (int i = 0; i < value.length; i++) {
        value[i] = kept[i / size] ? value[i] : Float.NEGATIVE_INFINITY;
      }
    }
    for (int i = 0; i < spec.topK(); i++) {
      chosen[at + i] = best(value);
      value[chosen[at + i]] = Float.NEGATIVE_INFINITY;
    }
  }

  private static int best(float[] values) {
    int best = -1;
    for (int i = 0; i < values.length; i++) {
      // NaN is never better; a row of nothing but NaN still gets experts, and the loss says the rest.
      if (values[i] != Float.NEGATIVE_INFINITY && (best < 0 || values[i] > values[best])) {
        best = i;
      }
    }
    return Math.max(best, 0);
  }

  private static void weigh(float[] scores, int t, int[] chosen, float[] weights, float[] sums, RouterSpec spec) {
    int k = spec.topK();
    float sum = 0;
    for (int i = t * k; i < (t + 1) * k; i++) {
      weights[i] = scores[t * spec.experts() + chosen[i]];
      sum += weights[i];
    }
    if (spec.score() == RouterSpec.Score.SOFTMAX_OF_CHOSEN) {
      softmax(weights, t * k, k);
      return;
    }
    sums[t] = spec.score() == RouterSpec.Score.SIGMOID ? sum + TINY : sum;
    for (int i = t * k; i < (t + 1) * k; i++) {
      weights[i] = (spec.normalise() ? weights[i] / sums[t] : weights[i]) * spec.scale();
    }
  }

  private static void backward(
      float[] scores, int t, int[] chosen, float[] weights, float[] dw, float sum, RouterSpec spec, float[] d) {
    int k = spec.topK();
    int e = spec.experts();
    boolean ofChosen = spec.score() == RouterSpec.Score.SOFTMAX_OF_CHOSEN;
    double common = 0;
    for (int i = t * k; i < (t + 1) * k; i++) {
      common += (double) dw[i] * weights[i];
    }
    double dot = 0;
    for (int i = t * k; i < (t + 1) * k; i++) {
      int at = t * e + chosen[i];
      if (ofChosen) {
        d[at] = (float) (weights[i] * (dw[i] - common));
      } else {
        double ds = spec.normalise() ? (dw[i] * (double) spec.scale() - common) / sum : dw[i] * (double) spec.scale();
        d[at] = (float) ds;
        dot += ds * scores[at];
      }
    }
    for (int i = t * e; i < (t + 1) * e && !ofChosen; i++) {
      d[i] = spec.score() == RouterSpec.Score.SOFTMAX ? (float) (scores[i] * (d[i] - dot))
          : d[i] * scores[i] * (1 - scores[i]);
    }
  }
}
