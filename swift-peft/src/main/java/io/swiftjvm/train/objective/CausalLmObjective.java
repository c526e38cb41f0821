package io.swiftjvm.train.objective;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Next-token cross-entropy with a weight for each token: {@code sum(weight * nll) / number of labelled tokens}. Fine-tuning
 * and pre-training minimise the same; they differ in which tokens carry a label.
 *
 * @param name what is trained for, in plans and checkpoints
 */
public record CausalLmObjective(String name) implements Objective {
  /** Supervised fine-tuning: labels on the answers. */
  public static final CausalLmObjective SFT = new CausalLmObjective("sft");

  /** Continued pre-training: labels on all tokens. */
  public static final CausalLmObjective PT = new CausalLmObjective("pt");

  @Override
  public double units(Batch batch) {
    int count = 0;
    for (int label : batch.labels()) {
      count += label >= 0 ? 1 : 0;
    }
    return count;
  }

  @Override
  public Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor) {
    Tensor ids = pass.ops().scope().tensor(DType.I32, batch.ids().length);
    model.backend().upload(MemorySegment.ofArray(batch.ids()), ids);
    Tensor hidden = model.hidden(pass, ids, batch.positions());
    FusedLoss.Loss loss = model.loss(pass, hidden, batch.labels(), batch.weights(), divisor);
    return new Outcome(loss.loss(), loss.value());
  }
}
