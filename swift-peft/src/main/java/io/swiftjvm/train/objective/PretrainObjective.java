package io.swiftjvm.train.objective;

import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;

/** Continued pre-training: cross-entropy of the labelled tokens, normally all of them. */
public final class PretrainObjective implements Objective {
  @Override
  public String name() {
    return "pt";
  }

  @Override
  public double units(Batch batch) {
    return TokenLoss.labelled(batch);
  }

  @Override
  public Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor) {
    return TokenLoss.of(model, pass, batch, divisor);
  }
}
