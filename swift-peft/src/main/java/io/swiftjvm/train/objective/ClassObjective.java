package io.swiftjvm.train.objective;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.TargetLoss;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Trains a classifier: the outputs at the last token of each text against the text's target. The mean is over texts, as in
 * transformers' classes for sequence classification.
 *
 * {@snippet :
 * Objective classes = new ClassObjective(ClassObjective.Kind.SINGLE_LABEL_CLASSIFICATION);
 * }
 *
 * @param kind what the outputs stand for
 */
public record ClassObjective(Kind kind) implements Objective {
  /** What the outputs of a classifier stand for, by transformers' names. */
  public enum Kind {
    /** Values; mean squared error. The target has one value for each output. */
    REGRESSION,
    /** One class of several; cross-entropy. The target is the number of the class. */
    SINGLE_LABEL_CLASSIFICATION,
    /** Classes that may hold at once; binary cross-entropy. The target has 0 or 1 for each output. */
    MULTI_LABEL_CLASSIFICATION;

    /** The kind called so; null = regression for one output, else one class of several. */
    public static Kind of(@Nullable String name, int outputs) {
      if (name == null) {
        return outputs == 1 ? REGRESSION : SINGLE_LABEL_CLASSIFICATION;
      }
      return Arrays.stream(values()).filter(kind -> kind.toString().equals(name)).findFirst()
          .orElseThrow(() -> new InvalidPlanException(
              "problem_type is '" + name + "'; it must be one of " + Arrays.toString(values()) + "."));
    }

    /** The loss. */
    public Objective objective() {
      return new ClassObjective(this);
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public String name() {
    return "seq_cls " + kind;
  }

  @Override
  public double units(Batch batch) {
    return batch.facts().size();
  }

  // Only one class of several is right or wrong, as in ms-swift.
  @Override
  public Measure measure() {
    return kind == Kind.SINGLE_LABEL_CLASSIFICATION ? new HitMeasure("acc") : Measure.NONE;
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
    Ops ops = pass.ops();
    Tensor hidden = model.hidden(pass, ops.scope().ints(batch.ids()), batch.positions());
    Tensor pooled = Pooling.LAST.of(ops, hidden, batch.cuSeqlens());
    List<RowFacts> facts = batch.facts();
    if (kind == Kind.SINGLE_LABEL_CLASSIFICATION) {
      int[] classes = facts.stream().mapToInt(row -> (int) row.target()[0]).toArray();
      var loss = model.loss(pass, pooled, classes, null, divisor);
      if (measure != Measure.NONE) {
        Tensor scores = model.logits(pass, pooled);
        float[] labels = new float[classes.length];
        for (int i = 0; i < labels.length; i++) {
          labels[i] = classes[i];
        }
        measure.see(HitMeasure.best(scores.toFloats(), Math.toIntExact(scores.columns())), labels);
      }
      return new Outcome(loss.loss(), loss.value());
    }
    int outputs = model.config().head().outputs();
    float[] targets = new float[facts.size() * outputs];
    for (int i = 0; i < facts.size(); i++) {
      System.arraycopy(facts.get(i).target(), 0, targets, i * outputs, outputs);
    }
    TargetLoss form = kind == Kind.REGRESSION ? TargetLoss.SQUARED_ERROR : TargetLoss.BINARY_CROSS_ENTROPY;
    double share = facts.size() / divisor;
    Tensor mean = form.of(ops, model.logits(pass, pooled), targets);
    return new Outcome(ops.scale(mean, (float) share), mean.toFloats()[0] * share);
  }
}
