package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Q-GaLore's lazy decomposition (arXiv 2407.08296): once the leading vector has stayed alike for {@code queue}
 * decompositions, their mean cosine at least {@code threshold}, the gap is multiplied by {@code growth}. The cosine is
 * taken without its sign, because a singular vector has none.
 *
 * @param threshold 0 .. 1; default 0.4
 * @param growth at least 1; default 2
 * @param queue decompositions, at least 1; default 5
 */
public record LazyGap(double threshold, double growth, int queue) {
  private static final String RECORD = "gap";
  private static final String VECTOR = "leading";

  /** [gap, or 0 for the first one; cosines seen; the cosines themselves], and the vector they are taken with. */
  List<StateSpec> state(long length) {
    return List.of(StateSpec.floats(RECORD, 2L + queue), StateSpec.floats(VECTOR, length));
  }

  int gap(Backend backend, Map<String, Tensor> state, int first) {
    float now = Host.floats(backend, Host.part(state, RECORD))[0];
    return now == 0 ? first : (int) now;
  }

  void made(Backend backend, Map<String, Tensor> state, Basis.Vectors vectors, boolean left, int rank, int first) {
    Tensor record = Host.part(state, RECORD);
    Tensor kept = Host.part(state, VECTOR);
    float[] facts = Host.floats(backend, record);
    float[] old = Host.floats(backend, kept);
    float[] now = new float[old.length];
    for (int i = 0; i < now.length; i++) {
      now[i] = left ? vectors.left()[i * rank] : vectors.right()[i];
    }
    if (facts[0] != 0) {
      facts[2 + (int) facts[1] % queue] = (float) Math.abs(cosine(old, now));
      facts[1]++;
      double sum = 0;
      for (int i = 0; i < queue; i++) {
        sum += facts[2 + i];
      }
      if (facts[1] >= queue && sum / queue >= threshold) {
        facts[0] = (float) (int) (facts[0] * growth);
      }
    } else {
      facts[0] = first;
    }
    Host.put(backend, facts, record);
    Host.put(backend, now, kept);
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return aa * bb == 0 ? 0 : ab / Math.sqrt(aa * bb);
  }
}
