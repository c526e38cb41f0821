package io.swiftjvm.run;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/** One vector for each text: embeddings, and the outputs of classifiers and of rerankers with a score head. */
public final class TextVectors {
  /** Tokens of one pass; longer lists are worked on in several. */
  private static final int TOKENS = 4096;

  private TextVectors() {}

  /** Hidden states of texts, pooled, and of length one if {@code normalise}: (texts, hidden size). */
  public static float[][] embed(LoadedModel loaded, List<String> texts, Pooling pooling, boolean normalise) {
    float[][] vectors = each(loaded, texts, pooling, (pass, pooled) -> pooled);
    for (float[] vector : vectors) {
      double sum = 0;
      for (float v : vector) {
        sum += (double) v * v;
      }
      for (int i = 0; i < vector.length && normalise && sum > 0; i++) {
        vector[i] = (float) (vector[i] / Math.sqrt(sum));
      }
    }
    return vectors;
  }

  /** The outputs of a classifier, before softmax or sigmoid: (texts, classes). */
  public static float[][] classify(LoadedModel loaded, List<String> texts) {
    CausalLm model = loaded.model();
    if (!model.config().classifies()) {
      throw new InvalidPlanException("Classes were asked for, but the model in " + model.directory()
          + " has no score head. Use a checkpoint for sequence classification.");
    }
    return each(loaded, texts, Pooling.LAST, model::logits);
  }

  private static float[][] each(
      LoadedModel loaded, List<String> texts, Pooling pooling, BiFunction<Pass, Tensor, Tensor> head) {
    List<int[]> rows = new ArrayList<>();
    for (String text : texts) {
      int[] ids = loaded.tokenizer().encode(text, true);
      int most = loaded.model().config().maxPositions();
      if (ids.length == 0 || ids.length > most) {
        throw new InvalidPlanException("Text " + rows.size() + " has " + ids.length + " tokens; a vector needs 1 to "
            + most + ".");
      }
      rows.add(ids);
    }
    float[][] vectors = new float[rows.size()][];
    for (int from = 0; from < rows.size();) {
      int to = from + 1;
      int tokens = rows.get(from).length;
      while (to < rows.size() && tokens + rows.get(to).length <= TOKENS) {
        tokens += rows.get(to++).length;
      }
      pass(loaded, rows.subList(from, to), tokens, pooling, head, vectors, from);
      from = to;
    }
    return vectors;
  }

  private static void pass(
      LoadedModel loaded, List<int[]> rows, int tokens, Pooling pooling, BiFunction<Pass, Tensor, Tensor> head,
      float[][] vectors, int at) {
    int[] ids = new int[tokens];
    int[] positions = new int[tokens];
    int[] starts = new int[rows.size() + 1];
    for (int r = 0; r < rows.size(); r++) {
      int[] row = rows.get(r);
      System.arraycopy(row, 0, ids, starts[r], row.length);
      for (int i = 0; i < row.length; i++) {
        positions[starts[r] + i] = i;
      }
      starts[r + 1] = starts[r] + row.length;
    }
    try (Scope scope = new Scope(loaded.backend())) {
      Pass pass = Pass.of(new Ops(loaded.backend(), null, scope), AttentionContext.packed(starts))
          .adapters(loaded.adapters());
      Tensor hidden = loaded.model().hidden(pass, scope.ints(ids), positions);
      float[] all = head.apply(pass, pooling.of(pass.ops(), hidden, starts)).toFloats();
      int columns = all.length / rows.size();
      for (int r = 0; r < rows.size(); r++) {
        vectors[at + r] = Arrays.copyOfRange(all, r * columns, (r + 1) * columns);
      }
    }
  }
}
