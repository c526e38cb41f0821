package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.ArrayList;
import java.util.List;

/**
 * LoKr (LyCORIS, arXiv 2309.14859): {@code W + alpha/rank * kron(w1, w2)}; each of the two factors is whole or, where
 * rank is small enough, a low-rank product. Sizes are split into factors by {@code decomposeFactor}.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LokrSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank of a factor that is a product, 1 or more; 8 as in PEFT
 * @param alpha the update is scaled by alpha/rank; 8 as in PEFT
 * @param decomposeBoth whether the small factor may be a product too; false as in PEFT
 * @param decomposeFactor the wanted first factor of a size, -1 = near its root; -1 as in PEFT
 * @param targets which projections
 */
public record LokrSpec(
    int rank, double alpha, boolean decomposeBoth, int decomposeFactor, LoraTargets targets) implements ProjectionSpec {
  /** Rank 8, alpha 8, factors near the root, all projections but the head. */
  public static final LokrSpec DEFAULT = new LokrSpec(8, 8, false, -1, LoraTargets.ALL);

  static final String TYPE = "LOKR";
  static final TunerMethod<LokrSpec> METHOD = TunerMethod.of("lokr", DEFAULT)
      .integer("lokr_rank", "Rank of a factor that is a product.", LokrSpec::rank, LokrSpec::rank)
      .number("lokr_alpha", "The update is scaled by alpha/rank.", LokrSpec::alpha, LokrSpec::alpha)
      .flag("lokr_decompose_both", "The small factor may be a product too.",
          LokrSpec::decomposeBoth, LokrSpec::decomposeBoth)
      .integer("lokr_decompose_factor", "The wanted first factor of a size, -1 = near its root.",
          LokrSpec::decomposeFactor, LokrSpec::decomposeFactor)
      .targets(LokrSpec::targets, LokrSpec::targets);

  public LokrSpec {
    Ranges.atLeast("lokr.rank", rank, 1);
    Ranges.scale("lokr.alpha", alpha);
    Ranges.check(decomposeFactor == -1 || decomposeFactor > 0,
        "lokr.decomposeFactor is " + decomposeFactor + "; it must be -1 or above 0.");
  }

  static TunerSpec read(ConfigReader config) {
    config.only(0, "rank_dropout", "module_dropout");
    config.only("init_weights", "true", "false", "lycoris");
    return new LokrSpec(config.integer("r", 8), config.number("alpha", 8), config.flag("decompose_both"),
        config.integer("decompose_factor", -1), config.targets());
  }

  /** Sets rank: of a factor that is a product, 1 or more; 8 as in PEFT. */
  public LokrSpec rank(int value) {
    return new LokrSpec(value, alpha, decomposeBoth, decomposeFactor, targets);
  }

  /** Sets alpha: the update is scaled by alpha/rank; 8 as in PEFT. */
  public LokrSpec alpha(double value) {
    return new LokrSpec(rank, value, decomposeBoth, decomposeFactor, targets);
  }

  /** Sets decomposeBoth: whether the small factor may be a product too; false as in PEFT. */
  public LokrSpec decomposeBoth(boolean value) {
    return new LokrSpec(rank, alpha, value, decomposeFactor, targets);
  }

  /** Sets decomposeFactor: the wanted first factor of a size, -1 = near its root; -1 as in PEFT. */
  public LokrSpec decomposeFactor(int value) {
    return new LokrSpec(rank, alpha, decomposeBoth, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public LokrSpec targets(LoraTargets value) {
    return new LokrSpec(rank, alpha, decomposeBoth, decomposeFactor, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    ConfigWriter.number(json, "alpha", alpha);
    json.put("decompose_both", decomposeBoth);
    json.put("decompose_factor", decomposeFactor);
  }

  @Override
  public List<long[]> shapes(Place place) {
    int[] in = factors(place.in());
    int[] out = factors(place.out());
    List<long[]> all = new ArrayList<>(shapes(firstWhole(in, out), out[0], in[0]));
    all.addAll(shapes(secondWhole(in, out), out[1], in[1]));
    return all;
  }

  @Override
  public boolean dense() {
    return true;
  }

  @Override
  public LinearTuner at(Site site) {
    int[] in = factors(site.in());
    int[] out = factors(site.out());
    Factor w1 = factor(site, "lokr_w1", firstWhole(in, out), Start.ZERO, out[0], in[0]);
    Factor w2 = factor(site, "lokr_w2", secondWhole(in, out), Start.KAIMING, out[1], in[1]);
    Tensor order = site.constant(Layouts.order(new long[] {out[0], in[0], out[1], in[1]}, 0, 2, 1, 3));
    float scale = (float) (alpha / rank);
    return (LinearTuner.Delta) ops -> {
      Tensor outer = Matrices.multiply(ops, ops.reshape(w1.value(ops), (long) out[0] * in[0], 1),
          ops.reshape(w2.value(ops), 1, (long) out[1] * in[1]));
      return ops.scale(Layouts.gather(ops, outer, order, site.out(), site.in()), scale);
    };
  }

  private boolean firstWhole(int[] in, int[] out) {
    return !(decomposeBoth && rank < Math.max(out[0], in[0]) / 2.0);
  }

  private boolean secondWhole(int[] in, int[] out) {
    return rank >= Math.max(out[1], in[1]) / 2.0;
  }

  private List<long[]> shapes(boolean whole, int rows, int columns) {
    return whole ? List.<long[]>of(new long[] {rows, columns})
        : List.of(new long[] {rows, rank}, new long[] {rank, columns});
  }

  /** A factor of the Kronecker product. */
  @FunctionalInterface
  private interface Factor {
    Tensor value(Ops ops);
  }

  private Factor factor(Site site, String key, boolean whole, Start start, int rows, int columns) {
    if (whole) {
      Parameter w = site.learnt(key, start, rows, columns);
      return ops -> w.value();
    }
    Parameter a = site.learnt(key + "_a", start, rows, rank);
    Parameter b = site.learnt(key + "_b", Start.KAIMING, rank, columns);
    return ops -> Matrices.multiply(ops, a.value(), b.value());
  }

  /** Two factors of a size: the wanted one if it divides, else the pair with the least sum up to it. */
  private int[] factors(int size) {
    if (decomposeFactor > 0 && size % decomposeFactor == 0) {
      return new int[] {decomposeFactor, size / decomposeFactor};
    }
    int most = decomposeFactor == -1 ? size : decomposeFactor;
    int best = 1;
    for (int m = 2; m <= most && (long) m * m <= size; m++) {
      best = size % m == 0 ? m : best;
    }
    return new int[] {best, size / best};
  }
}
