package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Seeds;

/**
 * HRA (arXiv 2405.17484): {@code W H_1 .. H_rank} with Householder reflections {@code H_i = I - 2 u_i u_i^T /
 * |u_i|^2}. An even number starts in equal pairs, which cancel.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", HraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank number of reflections, 1 or more; 8 as in PEFT
 * @param targets which projections
 */
public record HraSpec(int rank, LoraTargets targets) implements ProjectionSpec {
  /** Eight reflections, all projections but the head. */
  public static final HraSpec DEFAULT = new HraSpec(8, LoraTargets.ALL);

  static final String TYPE = "HRA";

  public HraSpec {
    Ranges.atLeast("hra.rank", rank, 1);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new HraSpec(config.integer("r", 8), config.targets());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public HraSpec targets(LoraTargets value) {
    return new HraSpec(rank, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
  }

  @Override
  public LinearTuner at(Site site) {
    Parameter u = site.learnt("hra_u", this::pairs, site.in(), rank);
    return (LinearTuner.Input) (ops, rows, transposed) -> {
      Tensor y = rows;
      for (int i = 0; i < rank; i++) {
        Tensor column = Slices.columns(ops, u.value(), transposed ? i : rank - 1 - i, 1);
        Tensor square = Matrices.multiply(ops, column, true, column, false);
        Tensor factor = HostMath.map(ops, square, v -> -2 / v, v -> 2 / (v * v));
        Tensor flat = ops.reshape(y, y.rows(), y.columns());
        Tensor along = Matrices.multiply(ops, Matrices.multiply(ops, flat, column), factor);
        y = ops.add(y, ops.reshape(Matrices.multiply(ops, along, false, column, true), y.shape()));
      }
      return y;
    };
  }

  private void pairs(float[] values, long[] shape, Seeds random) {
    int step = rank % 2 == 0 ? 2 : 1;
    double bound = 1 / Math.sqrt((double) rank / step);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % step == 0 ? (float) ((2 * random.uniform() - 1) * bound) : values[i - 1];
    }
  }
}
