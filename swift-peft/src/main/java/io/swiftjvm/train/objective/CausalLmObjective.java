package io.swiftjvm.train.objective;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.LossForm;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Next-token cross-entropy with a weight for each token: {@code sum(weight * nll) / number of labelled tokens}.
 * Fine-tuning and pre-training minimise the same; they differ in which tokens carry a label.
 *
 * {@snippet :
 * Objective smoothed = CausalLmObjective.SFT.with(LossSpec.DEFAULT.labelSmoothing(0.1));
 * }
 *
 * @param task what is trained for
 * @param spec other forms of the loss, noise
 */
public record CausalLmObjective(String task, LossSpec spec) implements Objective {
  private static final int PREDICTED = 64;

  /** Supervised fine-tuning: labels on the answers. */
  public static final CausalLmObjective SFT = new CausalLmObjective("sft", LossSpec.DEFAULT);

  /** Continued pre-training: labels on all tokens. */
  public static final CausalLmObjective PT = new CausalLmObjective("pt", LossSpec.DEFAULT);

  /** The same task with other settings. */
  public CausalLmObjective with(LossSpec other) {
    return new CausalLmObjective(task, other);
  }

  @Override
  public String name() {
    return spec.equals(LossSpec.DEFAULT) ? task : task + " " + spec;
  }

  @Override
  public double units(Batch batch) {
    int count = 0;
    for (int label : batch.labels()) {
      count += label >= 0 ? 1 : 0;
    }
    return count;
  }

  @Override
  public Measure measure() {
    return new HitMeasure("token_acc");
  }

  @Override
  public Outcome validate(CausalLm model, Pass pass, Batch batch, Measure measure) {
    return loss(model, pass, batch, 1, measure);
  }

  @Override
  public Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor) {
    return loss(model, pass, batch, divisor, Measure.NONE);
  }

  private Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor, Measure measure) {
    Tensor ids = upload(pass.ops(), batch.ids());
    Neftune noise = new Neftune(spec.neftune());
    Tensor hidden = model.hidden(pass, ids, batch.positions(), (index, x) -> {
      if (index == 0) {
        noise.add(pass, batch.cuSeqlens(), x);
      }
    });
    FusedLoss.Loss loss = spec.form().equals(LossForm.PLAIN)
        ? model.loss(pass, hidden, batch.labels(), batch.weights(), divisor)
        : formed(model, pass, hidden, batch, divisor);
    if (measure != Measure.NONE) {
      predict(model, pass, hidden, batch.labels(), measure);
    }
    return new Outcome(loss.loss(), loss.value(), loss.nll());
  }

  /** The likeliest token at each labelled place, some places at a time: logits of all of them would be large. */
  private static void predict(CausalLm model, Pass pass, Tensor hidden, int[] labels, Measure measure) {
    int[] rows = IntStream.range(0, labels.length).filter(i -> labels[i] >= 0).toArray();
    for (int from = 0; from < rows.length; from += PREDICTED) {
      int[] part = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + PREDICTED));
      float[] right = new float[part.length];
      for (int i = 0; i < part.length; i++) {
        right[i] = labels[part[i]];
      }
      try (Scope scope = pass.ops().scope().child()) {
        Pass own = pass.with(new Ops(pass.ops().backend(), null, scope));
        Tensor logits = model.logits(own, own.ops().selectRows(hidden.detached(), upload(own.ops(), part)));
        measure.see(HitMeasure.best(logits.toFloats(), Math.toIntExact(logits.columns())), right);
      }
    }
  }

  private FusedLoss.Loss formed(CausalLm model, Pass pass, Tensor hidden, Batch batch, double divisor) {
    Ops ops = pass.ops();
    int[] labels = batch.labels();
    float[] weights = batch.weights();
    int[] rows = IntStream.range(0, labels.length).filter(i -> labels[i] >= 0).toArray();
    float[] factors = weights == null ? null : new float[rows.length];
    if (weights != null && factors != null) {
      for (int i = 0; i < rows.length; i++) {
        factors[i] = weights[rows[i]];
      }
    }
    Tensor selected = ops.selectRows(hidden, upload(ops, rows));
    int[] targets = Arrays.stream(rows).map(i -> labels[i]).toArray();
    List<Tensor> parameters = model.parameters().stream().map(Parameter::value).toList();
    return FusedLoss.rows(ops, selected, model.config().head().outputs(), (o, h) -> model.logits(pass.with(o), h),
        parameters, targets, factors, divisor, spec.form());
  }

  private static Tensor upload(Ops ops, int[] values) {
    Tensor tensor = ops.scope().tensor(DType.I32, values.length);
    ops.backend().upload(MemorySegment.ofArray(values), tensor);
    return tensor;
  }
}
