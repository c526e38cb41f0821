package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * DeLoRA (arXiv 2503.18225): {@code W + B diag(lambda / (rank |a_i| |b_i|)) A diag(|w_j|)}: the size of the update is
 * lambda, which is trained apart from its direction; |w_j| are the norms of the weight's columns at the start.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", DeloraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank 1 or more; 8 as in PEFT
 * @param lambda start of lambda; 15 as in PEFT
 * @param targets which projections
 */
public record DeloraSpec(int rank, double lambda, LoraTargets targets) implements ProjectionSpec {
  /** Rank 8, lambda 15, all projections but the head. */
  public static final DeloraSpec DEFAULT = new DeloraSpec(8, 15, LoraTargets.ALL);

  static final String TYPE = "DELORA";
  static final TunerMethod<DeloraSpec> METHOD = TunerMethod.of("delora", DEFAULT)
      .integer("delora_rank", "Rank of A and B.", DeloraSpec::rank, DeloraSpec::rank)
      .number("delora_lambda", "Start of the update's size.", DeloraSpec::lambda, DeloraSpec::lambda)
      .targets(DeloraSpec::targets, DeloraSpec::targets);
  private static final double LEAST = 1e-4;

  public DeloraSpec {
    Ranges.atLeast("delora.rank", rank, 1);
    Ranges.scale("delora.lambda", lambda);
  }

  static TunerSpec read(ConfigReader config) {
    config.only(0, "module_dropout");
    config.only("init_weights", "true", "false");
    return new DeloraSpec(config.integer("r", 8), config.number("delora_lambda", 15), config.targets());
  }

  /** Sets rank: 1 or more; 8 as in PEFT. */
  public DeloraSpec rank(int value) {
    return new DeloraSpec(value, lambda, targets);
  }

  /** Sets lambda: start of lambda; 15 as in PEFT. */
  public DeloraSpec lambda(double value) {
    return new DeloraSpec(rank, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public DeloraSpec targets(LoraTargets value) {
    return new DeloraSpec(rank, lambda, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    ConfigWriter.number(json, "delora_lambda", lambda);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {rank, place.in()}, new long[] {place.out(), rank}, new long[] {1});
  }

  @Override
  public LinearTuner at(Site site) {
    Parameter a = site.learnt("delora_A", Start.KAIMING, rank, site.in());
    Parameter b = site.learnt("delora_B", Start.ZERO, site.out(), rank);
    Parameter size = site.learnt("delora_lambda", Start.constant(lambda), 1);
    Start norms = (values, shape, random) -> System.arraycopy(BaseNorms.columns(site), 0, values, 0, values.length);
    Parameter norm = site.fixed("delora_w_norm", norms, site.in());
    return new LinearTuner.Path(0, (ops, x) -> {
      Tensor h = ops.linear(Broadcasts.multiplyRow(ops, x, norm.value()), a.value(), null);
      Tensor each = ops.multiply(inverseNorms(ops, a.value()), inverseNorms(ops, Layouts.transpose(ops, b.value())));
      Tensor factor = ops.scale(Matrices.multiply(ops, each, ops.reshape(size.value(), 1, 1)), 1f / rank);
      return ops.linear(Broadcasts.multiplyRow(ops, h, factor), b.value(), null);
    });
  }

  // 1 / max(|row|, 1e-4), with no gradient below the bound, as torch's clamp.
  private static Tensor inverseNorms(Ops ops, Tensor rows) {
    Tensor squares = Broadcasts.sumColumns(ops, ops.multiply(rows, rows));
    return HostMath.map(ops, squares, v -> 1 / Math.max(Math.sqrt(v), LEAST),
        v -> v < LEAST * LEAST ? 0 : -0.5 / (v * Math.sqrt(v)));
  }
}
