package io.swiftjvm.train.objective;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * The score of a generative reranker: by how much its next token is rather "yes" than "no".
 *
 * @param yes id of the token that says yes
 * @param no id of the token that says no
 */
public record YesNo(int yes, int no) {
  /** Scores (n,1) of logits (n,V); differentiable. */
  public Tensor scores(Ops ops, Tensor logits) {
    int columns = Math.toIntExact(logits.columns());
    float[] all = logits.toFloats();
    float[] scores = new float[all.length / columns];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = of(all, i * columns);
    }
    Tensor out = ops.floats(scores.length, 1);
    ops.backend().upload(MemorySegment.ofArray(scores), out);
    return ops.track(logits.requiresGrad(), out, (seed, into, scope) -> {
      float[] slope = seed.toFloats();
      float[] gradient = new float[all.length];
      for (int i = 0; i < scores.length; i++) {
        gradient[i * columns + yes] += slope[i];
        gradient[i * columns + no] -= slope[i];
      }
      into.add(logits, scope.floats(gradient, logits.shape()));
    });
  }

  /** The score of the logits that start at {@code from}. */
  public float of(float[] logits, int from) {
    return logits[from + yes] - logits[from + no];
  }
}
