package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;

/**
 * GraLoRA (arXiv 2505.20355): the weight in k x k blocks, each with a low-rank update of its own of rank/k, besides a
 * plain low-rank update of rank hybridRank.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", GraloraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank a multiple of {@code blocks}; 32 as in PEFT
 * @param alpha the update is scaled by alpha/(rank + hybridRank); 64 as in PEFT
 * @param blocks k, which divides both sizes; 2 as in PEFT
 * @param hybridRank 0 or more; 0 as in PEFT
 * @param dropout on the input in training; 0 as in PEFT
 * @param targets which projections
 */
public record GraloraSpec(
    int rank, double alpha, int blocks, int hybridRank, double dropout, LoraTargets targets) implements ProjectionSpec {
  /** Rank 32 in 2 x 2 blocks, alpha 64, all projections but the head. */
  public static final GraloraSpec DEFAULT = new GraloraSpec(32, 64, 2, 0, 0, LoraTargets.ALL);

  static final String TYPE = "GRALORA";

  public GraloraSpec {
    Ranges.atLeast("gralora.blocks", blocks, 1);
    Ranges.atLeast("gralora.hybridRank", hybridRank, 0);
    Ranges.check(rank > 0 && rank % blocks == 0,
        "gralora.rank is " + rank + "; it must be a multiple of gralora.blocks, " + blocks + ".");
    Ranges.scale("gralora.alpha", alpha);
    Ranges.dropout("gralora.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new GraloraSpec(config.integer("r", 32), config.number("alpha", 64), config.integer("gralora_k", 2),
        config.integer("hybrid_r", 0), config.number("gralora_dropout", 0), config.targets());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public GraloraSpec targets(LoraTargets value) {
    return new GraloraSpec(rank, alpha, blocks, hybridRank, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    ConfigWriter.number(json, "alpha", alpha);
    json.put("gralora_k", blocks);
    json.put("hybrid_r", hybridRank);
    json.put("gralora_dropout", dropout);
  }

  @Override
  public LinearTuner at(Site site) {
    site.check(site.in() % blocks == 0 && site.out() % blocks == 0, blocks + " blocks do not divide its sizes");
    Parameter a = site.learnt("gralora_A", Start.uniform(Math.sqrt((double) blocks / site.in())), blocks,
        site.in() / blocks, rank);
    Parameter b = site.learnt("gralora_B", Start.ZERO, blocks, rank, site.out() / blocks);
    boolean hybrid = hybridRank > 0;
    Parameter left = hybrid ? site.learnt("gralora_A_general.weight", Start.KAIMING, hybridRank, site.in()) : a;
    Parameter right = hybrid ? site.learnt("gralora_B_general.weight", Start.ZERO, site.out(), hybridRank) : b;
    float scale = (float) (alpha / (rank + hybridRank));
    return new LinearTuner.Path(dropout, (ops, x) -> {
      Tensor h = Matrices.blockDiagonal(ops, x, a.value(), false);
      long[] shape = {x.rows(), blocks, blocks, rank / blocks};
      Tensor mixed = ops.reshape(Layouts.permute(ops, h, shape, 0, 2, 1, 3), x.rows(), (long) blocks * rank);
      Tensor y = Matrices.blockDiagonal(ops, mixed, b.value(), false);
      Tensor all = hybrid ? ops.add(y, ops.linear(ops.linear(x, left.value(), null), right.value(), null)) : y;
      return ops.scale(all, scale);
    });
  }
}
