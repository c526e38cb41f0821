package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
  static final TunerMethod<GraloraSpec> METHOD = TunerMethod.of("gralora", DEFAULT)
      .integer("gralora_rank", "Rank, a multiple of gralora_k.", GraloraSpec::rank, GraloraSpec::rank)
      .number("gralora_alpha", "The update is scaled by alpha/rank.", GraloraSpec::alpha, GraloraSpec::alpha)
      .integer("gralora_k", "Blocks along each size.", GraloraSpec::blocks, GraloraSpec::blocks)
      .integer("gralora_hybrid_r", "Rank of a plain low-rank part beside.",
          GraloraSpec::hybridRank, GraloraSpec::hybridRank)
      .number("gralora_dropout", "Share of inputs zeroed in training.", GraloraSpec::dropout, GraloraSpec::dropout)
      .targets(GraloraSpec::targets, GraloraSpec::targets);

  public GraloraSpec {
    Ranges.atLeast("gralora.blocks", blocks, 1);
    Ranges.atLeast("gralora.hybridRank", hybridRank, 0);
    Ranges.atLeast("gralora.rank", rank, 1);
    Ranges.scale("gralora.alpha", alpha);
    Ranges.dropout("gralora.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new GraloraSpec(config.integer("r", 32), config.number("alpha", 64), config.integer("gralora_k", 2),
        config.integer("hybrid_r", 0), config.number("gralora_dropout", 0), config.targets());
  }

  /** Sets rank: a multiple of {@code blocks}; 32 as in PEFT. */
  public GraloraSpec rank(int value) {
    return new GraloraSpec(value, alpha, blocks, hybridRank, dropout, targets);
  }

  /** Sets alpha: the update is scaled by alpha/(rank + hybridRank); 64 as in PEFT. */
  public GraloraSpec alpha(double value) {
    return new GraloraSpec(rank, value, blocks, hybridRank, dropout, targets);
  }

  /** Sets blocks: k, which divides both sizes; 2 as in PEFT. */
  public GraloraSpec blocks(int value) {
    return new GraloraSpec(rank, alpha, value, hybridRank, dropout, targets);
  }

  /** Sets hybridRank: 0 or more; 0 as in PEFT. */
  public GraloraSpec hybridRank(int value) {
    return new GraloraSpec(rank, alpha, blocks, value, dropout, targets);
  }

  /** Sets dropout: on the input in training; 0 as in PEFT. */
  public GraloraSpec dropout(double value) {
    return new GraloraSpec(rank, alpha, blocks, hybridRank, value, targets);
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
  public void fit(Place place, boolean fresh) {
    place.check(place.in() % blocks == 0 && place.out() % blocks == 0, blocks + " blocks do not divide its sizes");
  }

  @Override
  public List<long[]> shapes(Place place) {
    List<long[]> all = new ArrayList<>(List.of(
        new long[] {blocks, place.in() / blocks, rank}, new long[] {blocks, rank, place.out() / blocks}));
    if (hybridRank > 0) {
      all.add(new long[] {hybridRank, place.in()});
      all.add(new long[] {place.out(), hybridRank});
    }
    return all;
  }

  @Override
  public @Nullable String problem() {
    return rank % blocks == 0 ? null
        : "gralora_rank is " + rank + "; it must be a multiple of gralora_k, " + blocks + ".";
  }

  @Override
  public LinearTuner at(Site site) {
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
