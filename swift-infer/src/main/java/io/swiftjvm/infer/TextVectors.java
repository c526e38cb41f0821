package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.objective.YesNo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/**
 * One vector for each text: embeddings, and the outputs of classifiers and of rerankers with a score head.
 *
 * {@snippet :
 * float[][] vectors = new TextVectors(engine).embed(List.of(tokenizer.encode("a text", true)), List.of(), Pooling.LAST);
 * double likeness = TextVectors.cosine(vectors[0], vectors[0]); // 1
 * }
 *
 * <p>Thread-safe. Passes take turns with those of the engine's answers.
 */
public final class TextVectors {
  /** Tokens of one pass; longer lists are worked on in several. */
  private static final int TOKENS = 4096;

  private final CausalLm model;
  private final Steps steps;

  /** Vectors by the engine's model. */
  public TextVectors(Engine engine) {
    this.model = engine.model();
    this.steps = engine.steps();
  }

  /** Hidden states of texts after the final norm, pooled: (texts, hidden size). */
  public float[][] embed(List<int[]> texts, List<String> adapters, Pooling pooling) {
    return each(texts, adapters, pooling, (pass, pooled) -> pooled);
  }

  /**
   * The outputs of a classifier, before softmax or sigmoid: (texts, classes).
   *
   * @throws InvalidPlanException if the model is none
   */
  public float[][] classify(List<int[]> texts, List<String> adapters) {
    if (!model.config().classifies()) {
      throw new InvalidPlanException("Classes were asked for, but the model in " + model.directory()
          + " has no score head. Use a checkpoint for sequence classification.");
    }
    return each(texts, adapters, Pooling.LAST, model::logits);
  }

  /** By how much a language model would rather go on with one word than with another, (texts, 1): a generative reranker. */
  public float[][] rank(List<int[]> texts, List<String> adapters, YesNo words) {
    return each(texts, adapters, Pooling.LAST, (pass, pooled) -> words.scores(pass.ops(), model.logits(pass, pooled)));
  }

  /** The same texts in the groups that make one pass each, for callers that want to look up between passes. */
  public static List<List<int[]>> passes(List<int[]> texts) {
    List<List<int[]>> groups = new ArrayList<>();
    for (int from = 0; from < texts.size();) {
      int to = from + 1;
      int tokens = texts.get(from).length;
      while (to < texts.size() && tokens + texts.get(to).length <= TOKENS) {
        tokens += texts.get(to++).length;
      }
      groups.add(texts.subList(from, to));
      from = to;
    }
    return groups;
  }

  /** {@code vector} divided by its length; one of zeros stays. */
  public static float[] unit(float[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    float[] unit = vector.clone();
    for (int i = 0; i < unit.length && length > 0; i++) {
      unit[i] = (float) (unit[i] / length);
    }
    return unit;
  }

  /** The cosine of the angle between two vectors of the same size, -1 .. 1; 0 where one has no direction. */
  public static double cosine(float[] a, float[] b) {
    double lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
    return lengths == 0 ? 0 : Math.max(-1, Math.min(1, dot(a, b) / lengths));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private float[][] each(
      List<int[]> texts, List<String> adapters, Pooling pooling, BiFunction<Pass, Tensor, Tensor> head) {
    if (TrainedPrompts.of(model, adapters).adapter() != null) {
      throw new InvalidPlanException("One of the adapters " + adapters + " puts trained tokens before a text or looks at it first, which"
          + " vectors of texts do without. Use an adapter of another method.");
    }
    int most = model.config().maxPositions();
    for (int i = 0; i < texts.size(); i++) {
      int tokens = texts.get(i).length;
      if (tokens == 0 || tokens > most) {
        throw new InvalidPlanException("Text " + i + " has " + tokens + " tokens; a vector needs 1 to " + most + ".");
      }
    }
    List<float[]> vectors = new ArrayList<>();
    for (List<int[]> group : passes(texts)) {
      vectors.addAll(steps.inTurn(() -> pass(group, adapters, pooling, head)));
    }
    return vectors.toArray(float[][]::new);
  }

  private List<float[]> pass(
      List<int[]> texts, List<String> adapters, Pooling pooling, BiFunction<Pass, Tensor, Tensor> head) {
    int[] starts = new int[texts.size() + 1];
    for (int t = 0; t < texts.size(); t++) {
      starts[t + 1] = starts[t] + texts.get(t).length;
    }
    int[] ids = new int[starts[texts.size()]];
    int[] positions = new int[ids.length];
    for (int t = 0; t < texts.size(); t++) {
      System.arraycopy(texts.get(t), 0, ids, starts[t], texts.get(t).length);
      for (int i = starts[t]; i < starts[t + 1]; i++) {
        positions[i] = i - starts[t];
      }
    }
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(starts)).adapters(adapters);
      Tensor hidden = model.hidden(pass, scope.ints(ids), positions);
      float[] all = head.apply(pass, pooling.of(pass.ops(), hidden, starts)).toFloats();
      int columns = all.length / texts.size();
      List<float[]> vectors = new ArrayList<>();
      for (int t = 0; t < texts.size(); t++) {
        vectors.add(Arrays.copyOfRange(all, t * columns, (t + 1) * columns));
      }
      return vectors;
    }
  }
}
