package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;

/**
 * MiSS (arXiv 2409.15371): {@code y = W x + D^T sum of x's runs of rank elements}; D (rank,out) starts at zero. A last
 * run that is too short is filled up with zeros.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", MissSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank length of a run, 1 or more; 64 as in PEFT
 * @param dropout on the input in training; 0 as in PEFT
 * @param targets which projections
 */
public record MissSpec(int rank, double dropout, LoraTargets targets) implements ProjectionSpec {
  /** Rank 64, no dropout, all projections but the head. */
  public static final MissSpec DEFAULT = new MissSpec(64, 0, LoraTargets.ALL);

  static final String TYPE = "MISS";

  public MissSpec {
    Ranges.atLeast("miss.rank", rank, 1);
    Ranges.dropout("miss.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.node("mini_r");
    config.only("init_weights", "true", "false");
    return new MissSpec(config.integer("r", 64), config.number("miss_dropout", 0), config.targets());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public MissSpec targets(LoraTargets value) {
    return new MissSpec(rank, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("miss_dropout", dropout);
    json.put("init_weights", true);
  }

  @Override
  public LinearTuner at(Site site) {
    site.check(rank <= site.in(), "rank " + rank + " is above its inputs");
    Parameter block = site.learnt("miss_block", Start.ZERO, rank, site.out());
    float[] fold = new float[rank * site.in()];
    for (int i = 0; i < site.in(); i++) {
      fold[i % rank * site.in() + i] = 1;
    }
    Tensor sum = site.once("miss " + site.in(), () -> new Tensor[] {site.constant(fold, rank, site.in())})[0];
    return new LinearTuner.Path(dropout,
        (ops, x) -> Matrices.multiply(ops, ops.linear(x, sum, null), block.value()));
  }
}
