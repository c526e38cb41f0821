package io.swiftjvm.model;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whole passes of a model for tests. */
final class ModelRuns {
  /** A loss and the gradients of all parameters. */
  record Learnt(double loss, float[] nll, Map<String, float[]> gradients) {}

  private ModelRuns() {}

  static float[][] logits(CausalLm model, FlatRows rows) {
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(rows.cuSeqlens()));
      Tensor hidden = model.hidden(pass, scope.ints(rows.ids()), rows.positions());
      return split(model.logits(pass, hidden));
    }
  }

  static float[][] hidden(CausalLm model, FlatRows rows) {
    float[][] seen = new float[model.config().layerCount() + 1][];
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(rows.cuSeqlens()));
      model.hidden(pass, scope.ints(rows.ids()), rows.positions(), (i, h) -> seen[i] = h.toFloats());
    }
    return seen;
  }

  static Learnt learn(CausalLm model, FlatRows rows, int[] labels, double divisor, Recompute recompute) {
    try (Gradients gradients = new Gradients(model.backend())) {
      FusedLoss.Loss loss = backward(model, rows, labels, divisor, recompute, gradients);
      return new Learnt(loss.value(), loss.nll(), read(model, gradients));
    }
  }

  static Learnt learnRowByRow(CausalLm model, FlatRows rows, int[] labels, double divisor) {
    double sum = 0;
    try (Gradients gradients = new Gradients(model.backend())) {
      for (int r = 0; r < rows.count(); r++) {
        int[] own = Arrays.copyOfRange(labels, rows.cuSeqlens()[r], rows.cuSeqlens()[r + 1]);
        sum += backward(model, rows.row(r), own, divisor, Recompute.NONE, gradients).value();
      }
      return new Learnt(sum, new float[0], read(model, gradients));
    }
  }

  private static Map<String, float[]> read(CausalLm model, Gradients gradients) {
    Map<String, float[]> read = new LinkedHashMap<>();
    for (Parameter p : model.parameters()) {
      Tensor gradient = gradients.get(p.value());
      if (gradient != null) {
        read.put(p.name(), gradient.toFloats());
      }
    }
    // As the reference has them: all experts of a layer in one tensor.
    ExpertStacks.of(model.parameters()).forEach((name, members) -> {
      long[] shape = ExpertStacks.shape(name, members);
      float[] all = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
      int at = 0;
      for (Parameter member : members) {
        float[] own = read.remove(member.name());
        if (own != null) {
          System.arraycopy(own, 0, all, at, own.length);
        }
        at += (int) member.value().size();
      }
      read.put(name, all);
    });
    return read;
  }

  private static FusedLoss.Loss backward(
      CausalLm model, FlatRows rows, int[] labels, double divisor, Recompute recompute, Gradients into) {
    try (Scope scope = new Scope(model.backend()); Tape tape = new Tape(model.backend())) {
      Ops ops = new Ops(model.backend(), tape, scope);
      Pass pass = new Pass(ops, AttentionContext.packed(rows.cuSeqlens()), List.of(), 0, recompute);
      Tensor hidden = model.hidden(pass, scope.ints(rows.ids()), rows.positions());
      FusedLoss.Loss loss = model.loss(pass, hidden, labels, null, divisor);
      tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), into);
      return loss;
    }
  }

  static int[] greedy(CausalLm model, int[] prompt, int steps) {
    int[] ids = prompt.clone();
    for (int i = 0; i < steps; i++) {
      float[][] logits = logits(model, FlatRows.of(ids));
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = argmax(logits[logits.length - 1]);
    }
    return Arrays.copyOfRange(ids, prompt.length, ids.length);
  }

  private static int argmax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  private static float[][] split(Tensor t) {
    float[] all = t.toFloats();
    int columns = (int) t.columns();
    float[][] rows = new float[all.length / columns][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(all, i * columns, (i + 1) * columns);
    }
    return rows;
  }
}
