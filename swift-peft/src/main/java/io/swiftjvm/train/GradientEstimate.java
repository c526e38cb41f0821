package io.swiftjvm.train;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.tuner.GradientProbe;
import io.swiftjvm.tuner.GradientStart;
import io.swiftjvm.tuner.LoraSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The gradient that full tuning would begin with, over the first rows of a training: what LoRA-GA starts from. */
public final class GradientEstimate {
  private GradientEstimate() {}

  /**
   * Mean gradients of the weights that {@code spec} chooses, in memory of {@code scope}.
   *
   * @throws DatasetException if the data has no row
   */
  public static Map<String, Tensor> of(
      CausalLm model, LoraSpec spec, Objective objective, BatchSource data, Scope scope) {
    GradientStart settings = spec.gradient();
    List<Batch> rows = rows(data, settings.batch() * settings.iters(), settings.maxLength());
    List<String> paths = spec.select(List.copyOf(model.linears().keySet()));
    int batches = Math.ceilDiv(rows.size(), settings.batch());
    return GradientProbe.collect(model, paths, scope, () -> {
      for (int i = 0; i < batches; i++) {
        List<Batch> part = rows.subList(i * settings.batch(), Math.min(rows.size(), (i + 1) * settings.batch()));
        double units = part.stream().mapToDouble(objective::units).sum();
        part.forEach(row -> backward(model, objective, row, units * batches));
      }
    });
  }

  /** Gradients of zero, for a start that is read from a checkpoint. */
  public static Map<String, Tensor> none(CausalLm model, LoraSpec spec, Scope scope) {
    return GradientProbe.collect(model, spec.select(List.copyOf(model.linears().keySet())), scope, () -> { });
  }

  private static void backward(CausalLm model, Objective objective, Batch row, double divisor) {
    if (objective.units(row) <= 0) {
      return;
    }
    try (Scope scope = new Scope(model.backend());
        Tape tape = new Tape(model.backend());
        Gradients gradients = new Gradients(model.backend())) {
      Pass pass = new Pass(new Ops(model.backend(), tape, scope), AttentionContext.packed(row.cuSeqlens()), List.of(), 0);
      Tensor loss = objective.loss(model, pass, row, divisor).loss();
      tape.backward(loss, scope.floats(new float[] {1}, 1), gradients);
    }
  }

  /** The first sequences of a run, cut; a text of a group stays with its group. */
  private static List<Batch> rows(BatchSource data, int count, int longest) {
    List<Batch> rows = new ArrayList<>();
    for (int step = 0; step < data.steps() && rows.size() < count; step++) {
      for (Batch batch : data.step(step)) {
        if (batch.facts().stream().anyMatch(facts -> facts.target().length > 0)) {
          rows.add(batch);
          continue;
        }
        for (int i = 0; i + 1 < batch.cuSeqlens().length && rows.size() < count; i++) {
          rows.add(row(batch, i, longest));
        }
      }
    }
    if (rows.isEmpty()) {
      throw new DatasetException("init_weights lora-ga looks at the first rows, and there is none.");
    }
    return rows.size() > count ? rows.subList(0, count) : rows;
  }

  private static Batch row(Batch batch, int number, int longest) {
    int from = batch.cuSeqlens()[number];
    int to = Math.min(batch.cuSeqlens()[number + 1], from + longest);
    float[] weights = batch.weights();
    List<RowFacts> facts = batch.facts().isEmpty() ? List.of() : List.of(batch.facts().get(number));
    return new Batch(Arrays.copyOfRange(batch.ids(), from, to), Arrays.copyOfRange(batch.positions(), from, to),
        new int[] {0, to - from}, Arrays.copyOfRange(batch.labels(), from, to),
        weights == null ? null : Arrays.copyOfRange(weights, from, to), facts);
  }
}
