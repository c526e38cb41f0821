package io.swiftjvm.train.objective;

import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;

/** Supervised fine-tuning: cross-entropy of the labelled tokens, normally the answers. */
public final class SftObjective implements Objective {
  @Override
  public String name() {
    return "sft";
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
