package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Seeds;
import io.swiftjvm.tuner.TunerMethod;
import java.util.ArrayList;
import java.util.List;

/**
 * HRA (arXiv 2405.17484): {@code W H_1 .. H_rank} with Householder reflections {@code H_i = I - 2 u_i u_i^T /
 * |u_i|^2}. An even number starts in equal pairs, which cancel.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", HraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank number of reflections, 1 or more; 8 as in PEFT
 * @param orthogonal whether the reflections are made orthogonal to each other first; false as in PEFT
 * @param targets which projections
 */
public record HraSpec(int rank, boolean orthogonal, LoraTargets targets) implements ProjectionSpec {
  /** Eight reflections, all projections but the head. */
  public static final HraSpec DEFAULT = new HraSpec(8, false, LoraTargets.ALL);

  static final String TYPE = "HRA";
  static final TunerMethod<HraSpec> METHOD = TunerMethod.of("hra", DEFAULT)
      .integer("hra_rank", "Number of reflections.", HraSpec::rank, HraSpec::rank)
      .flag("hra_apply_gs", "Make the reflections orthogonal to each other first.",
          HraSpec::orthogonal, HraSpec::orthogonal)
      .targets(HraSpec::targets, HraSpec::targets);

  public HraSpec {
    Ranges.atLeast("hra.rank", rank, 1);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new HraSpec(config.integer("r", 8), config.flag("apply_GS"), config.targets());
  }

  /** Sets rank: number of reflections, 1 or more; 8 as in PEFT. */
  public HraSpec rank(int value) {
    return new HraSpec(value, orthogonal, targets);
  }

  /** Sets orthogonal: whether the reflections are made orthogonal to each other first; false as in PEFT. */
  public HraSpec orthogonal(boolean value) {
    return new HraSpec(rank, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public HraSpec targets(LoraTargets value) {
    return new HraSpec(rank, orthogonal, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("apply_GS", orthogonal);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.<long[]>of(new long[] {place.in(), rank});
  }

  @Override
  public LinearTuner at(Site site) {
    Parameter u = site.learnt("hra_u", this::pairs, site.in(), rank);
    return (LinearTuner.Input) (ops, rows, transposed) -> {
      List<Tensor> directions = directions(ops, u.value());
      Tensor y = ops.reshape(rows, rows.rows(), rows.columns());
      for (Tensor column : transposed ? directions : directions.reversed()) {
        Tensor square = Matrices.multiply(ops, column, true, column, false);
        Tensor factor = HostMath.map(ops, square, v -> -2 / v, v -> 2 / (v * v));
        Tensor along = Matrices.multiply(ops, Matrices.multiply(ops, y, column), factor);
        y = ops.add(y, Matrices.multiply(ops, along, false, column, true));
      }
      return ops.reshape(y, rows.shape());
    };
  }

  /** The vectors (in,1), by Gram and Schmidt where they are to be orthogonal. */
  private List<Tensor> directions(Ops ops, Tensor u) {
    List<Tensor> directions = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      Tensor column = Slices.columns(ops, u, i, 1);
      for (Tensor before : orthogonal ? List.copyOf(directions) : List.<Tensor>of()) {
        Tensor share = Matrices.multiply(ops, before, true, column, false);
        column = ops.add(column, ops.scale(Matrices.multiply(ops, before, share), -1));
      }
      if (orthogonal) {
        Tensor square = Matrices.multiply(ops, column, true, column, false);
        Tensor inverse = HostMath.map(ops, square, v -> 1 / Math.sqrt(v), v -> -0.5 / (v * Math.sqrt(v)));
        column = Matrices.multiply(ops, column, inverse);
      }
      directions.add(column);
    }
    return directions;
  }

  private void pairs(float[] values, long[] shape, Seeds random) {
    // Equal vectors cannot be made orthogonal.
    int step = rank % 2 == 0 && !orthogonal ? 2 : 1;
    double bound = 1 / Math.sqrt((double) rank / step);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % step == 0 ? (float) ((2 * random.uniform() - 1) * bound) : values[i - 1];
    }
  }
}
