package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * LoHa (FedPara, arXiv 2108.06098): {@code W + alpha/rank * (w1a w1b) * (w2a w2b)}, an elementwise product of two
 * low-rank matrices, whose rank is up to rank squared.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LohaSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank of each of the two, 1 or more; 8 as in PEFT
 * @param alpha the update is scaled by alpha/rank; 8 as in PEFT
 * @param targets which projections
 */
public record LohaSpec(int rank, double alpha, LoraTargets targets) implements ProjectionSpec {
  /** Rank 8, alpha 8, all projections but the head. */
  public static final LohaSpec DEFAULT = new LohaSpec(8, 8, LoraTargets.ALL);

  static final String TYPE = "LOHA";
  static final TunerMethod<LohaSpec> METHOD = TunerMethod.of("loha", DEFAULT)
      .integer("loha_rank", "Rank of each of the two products.", LohaSpec::rank, LohaSpec::rank)
      .number("loha_alpha", "The update is scaled by alpha/rank.", LohaSpec::alpha, LohaSpec::alpha)
      .targets(LohaSpec::targets, LohaSpec::targets);

  public LohaSpec {
    Ranges.atLeast("loha.rank", rank, 1);
    Ranges.scale("loha.alpha", alpha);
  }

  static TunerSpec read(ConfigReader config) {
    config.only(0, "rank_dropout", "module_dropout");
    config.only("init_weights", "true", "false");
    return new LohaSpec(config.integer("r", 8), config.number("alpha", 8), config.targets());
  }

  /** Sets rank: of each of the two, 1 or more; 8 as in PEFT. */
  public LohaSpec rank(int value) {
    return new LohaSpec(value, alpha, targets);
  }

  /** Sets alpha: the update is scaled by alpha/rank; 8 as in PEFT. */
  public LohaSpec alpha(double value) {
    return new LohaSpec(rank, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public LohaSpec targets(LoraTargets value) {
    return new LohaSpec(rank, alpha, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    ConfigWriter.number(json, "alpha", alpha);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {place.out(), rank}, new long[] {rank, place.in()}, new long[] {place.out(), rank},
        new long[] {rank, place.in()});
  }

  @Override
  public boolean dense() {
    return true;
  }

  @Override
  public LinearTuner at(Site site) {
    Parameter w1a = site.learnt("hada_w1_a", Start.KAIMING, site.out(), rank);
    Parameter w1b = site.learnt("hada_w1_b", Start.KAIMING, rank, site.in());
    Parameter w2a = site.learnt("hada_w2_a", Start.KAIMING, site.out(), rank);
    Parameter w2b = site.learnt("hada_w2_b", Start.ZERO, rank, site.in());
    float scale = (float) (alpha / rank);
    return (LinearTuner.Delta) ops -> ops.scale(ops.multiply(Matrices.multiply(ops, w1a.value(), w1b.value()),
        Matrices.multiply(ops, w2a.value(), w2b.value())), scale);
  }
}
