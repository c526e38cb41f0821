package io.swiftjvm.model;

import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the modules of a model take their weights from. Building a tree over {@link #recording} says which tensors it
 * needs, without memory; building it again over the checkpoint makes the model: names and shapes are said once.
 */
final class WeightSource {
  private final WeightNames names;
  private final BiFunction<String, long[], Parameter> weights;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();

  private WeightSource(WeightNames names, BiFunction<String, long[], Parameter> weights) {
    this.names = names;
    this.weights = weights;
  }

  /** A source of parameters that have a shape and no memory. */
  static WeightSource recording(WeightNames names) {
    return new WeightSource(
        names, (name, shape) -> new Parameter(name, Tensor.of(new Nowhere(), DType.F32, shape)));
  }

  /** The weights of a checkpoint. */
  static WeightSource of(WeightNames names, Weights weights) {
    return new WeightSource(names, weights::parameter);
  }

  WeightNames names() {
    return names;
  }

  /** Every tensor asked for so far, in order. */
  Map<String, long[]> shapes() {
    return shapes;
  }

  /** A tensor by its full name. */
  Parameter parameter(String name, long... shape) {
    shapes.put(name, shape);
    return weights.apply(name, shape);
  }

  /** The tensor of a slot of a layer. */
  Parameter parameter(int layer, String slot, long... shape) {
    return parameter(names.layer(layer, slot), shape);
  }

  /** A norm over {@code shape} by its full name. */
  Norm norm(String name, NormConfig config, long... shape) {
    return new Norm(parameter(name + ".weight", shape), config.bias() ? parameter(name + ".bias", shape) : null, config);
  }

  /** The norm of a slot of a layer. */
  Norm norm(int layer, String slot, NormConfig config, long... shape) {
    return norm(names.layer(layer, slot), config, shape);
  }

  /** The projection of a slot of a layer. */
  LinearSlot linear(int layer, String slot, long out, long in, boolean bias) {
    return linear(layer, slot, out, in, bias, false);
  }

  /** The projection of a slot of a layer, stored (in,out) if {@code transposed}. */
  LinearSlot linear(int layer, String slot, long out, long in, boolean bias, boolean transposed) {
    return linear(names.layer(layer, slot), out, in, bias, transposed);
  }

  /** A projection by its full name. */
  LinearSlot linear(String path, long out, long in, boolean bias, boolean transposed) {
    Parameter weight = transposed ? parameter(path + ".weight", in, out) : parameter(path + ".weight", out, in);
    @Nullable Parameter added = bias ? parameter(path + ".bias", out) : null;
    return new LinearSlot(path, new DenseLinear(weight, added, transposed));
  }

  /** Storage that is only a size. */
  private static final class Nowhere extends Storage {
    @Override
    public long bytes() {
      return Long.MAX_VALUE;
    }

    @Override
    protected MemorySegment memory() {
      throw new IllegalStateException("a recorded weight has no memory");
    }

    @Override
    protected void free() {}
  }
}
