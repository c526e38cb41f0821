package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * RandLoRA (arXiv 2502.00987): a full-rank update out of random bases that all projections share, {@code alpha/rank *
 * sum over n of B_n diag(lambda_n) A diag(gamma_n)}; only lambda and gamma are trained.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", RandLoraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank rows of a base, 1 or more; 32 as in PEFT
 * @param alpha the update is scaled by alpha/rank; 640 as in PEFT
 * @param dropout on the input in training; 0 as in PEFT
 * @param targets which projections
 */
public record RandLoraSpec(int rank, double alpha, double dropout, LoraTargets targets) implements ProjectionSpec {
  /** Bases of rank 32, alpha 640, all projections but the head. */
  public static final RandLoraSpec DEFAULT = new RandLoraSpec(32, 640, 0, LoraTargets.ALL);

  static final String TYPE = "RANDLORA";
  static final TunerMethod<RandLoraSpec> METHOD = TunerMethod.of("randlora", DEFAULT)
      .integer("randlora_rank", "Rows of a base.", RandLoraSpec::rank, RandLoraSpec::rank)
      .number("randlora_alpha", "The update is scaled by alpha/rank.", RandLoraSpec::alpha, RandLoraSpec::alpha)
      .number("randlora_dropout", "Share of inputs zeroed in training.", RandLoraSpec::dropout, RandLoraSpec::dropout)
      .targets(RandLoraSpec::targets, RandLoraSpec::targets);

  public RandLoraSpec {
    Ranges.atLeast("randlora.rank", rank, 1);
    Ranges.scale("randlora.alpha", alpha);
    Ranges.dropout("randlora.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.node("projection_prng_key");
    config.node("sparse");
    config.node("very_sparse");
    config.only("init_weights", "true", "false");
    if (!config.flag("save_projection", true)) {
      throw config.refusal("save_projection", "the file lacks A and B; save it again with save_projection=True");
    }
    return new RandLoraSpec(config.integer("r", 32), config.number("randlora_alpha", 640),
        config.number("randlora_dropout", 0), config.targets());
  }

  /** Sets rank: rows of a base, 1 or more; 32 as in PEFT. */
  public RandLoraSpec rank(int value) {
    return new RandLoraSpec(value, alpha, dropout, targets);
  }

  /** Sets alpha: the update is scaled by alpha/rank; 640 as in PEFT. */
  public RandLoraSpec alpha(double value) {
    return new RandLoraSpec(rank, value, dropout, targets);
  }

  /** Sets dropout: on the input in training; 0 as in PEFT. */
  public RandLoraSpec dropout(double value) {
    return new RandLoraSpec(rank, alpha, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public RandLoraSpec targets(LoraTargets value) {
    return new RandLoraSpec(rank, alpha, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    ConfigWriter.number(json, "randlora_alpha", alpha);
    json.put("randlora_dropout", dropout);
    json.put("projection_prng_key", 0);
    json.put("save_projection", true);
  }

  @Override
  public List<long[]> shapes(Place place) {
    int small = Math.min(place.in(), place.out());
    int bases = Math.ceilDiv(small, rank);
    return List.of(new long[] {rank, bases}, new long[] {bases, small});
  }

  @Override
  public LinearTuner at(Site site) {
    int small = Math.min(site.in(), site.out());
    int large = Math.max(site.in(), site.out());
    int bases = Math.ceilDiv(small, rank);
    long[] storedA = site.storedShared("randlora_A");
    long[] storedB = site.storedShared("randlora_B");
    long smallest = storedA != null && storedA.length == 3 ? storedA[2]
        : Math.min(site.largest(Site::in), site.largest(Site::out));
    long largest = storedB != null && storedB.length == 3 ? storedB[0]
        : Math.max(site.largest(Site::in), site.largest(Site::out));
    long most = storedB != null && storedB.length == 3 ? storedB[1] : Math.ceilDiv(smallest, rank);
    site.place().check(small <= smallest && large <= largest && bases <= most, "the shared bases are too small for it");
    // Deviation 1: what PEFT divides its uniform start by.
    Start uniform = Start.uniform(Math.sqrt(3));
    Parameter a = site.shared("randlora_A", false, uniform, rank, 1, smallest);
    Parameter b = site.shared("randlora_B", false, uniform, largest, most, rank);
    site.copied("randlora_A", a);
    site.copied("randlora_B", b);
    Parameter lambda = site.learnt("randlora_lambda", Start.ZERO, rank, bases);
    Parameter gamma = site.learnt("randlora_gamma", Start.constant(1.0 / Math.max(bases, small)), bases, small);
    int[] row = new int[rank * bases];
    int[] base = new int[rank * bases];
    for (int i = 0; i < row.length; i++) {
      row[i] = i / bases;
      base[i] = i % bases;
    }
    Tensor rows = site.constant(row);
    Tensor repeats = site.constant(base);
    float scale = (float) (alpha / rank);
    return new LinearTuner.Path(dropout, (ops, x) -> {
      Tensor thin = Slices.columns(ops, a.value().view(rank, smallest), 0, small);
      Tensor turned = Broadcasts.multiplyColumn(
          ops, ops.selectRows(thin, rows), ops.reshape(lambda.value(), (long) rank * bases, 1));
      Tensor narrow = ops.multiply(turned, ops.selectRows(gamma.value(), repeats));
      Tensor wide = Slices.columns(ops, b.value().slice(0, large).view(large, most * rank), 0, (long) bases * rank);
      Tensor y = small == site.in() ? ops.linear(ops.linear(x, narrow, null), wide, null)
          : Matrices.multiply(ops, Matrices.multiply(ops, ops.reshape(x, x.rows(), x.columns()), wide), narrow);
      return ops.scale(y, scale);
    });
  }
}
