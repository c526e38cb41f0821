package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Compares gradients with central differences of {@code sum(r * f(inputs))} for a fixed random r. */
final class GradientCheck {
  private static final float STEP = 1e-2f;

  /** What is differentiated. */
  @FunctionalInterface
  interface Function {
    Tensor apply(Ops ops, List<Tensor> inputs);
  }

  private final Backend backend;
  private final List<long[]> shapes = new ArrayList<>();
  private final List<float[]> values = new ArrayList<>();
  private final Random random = new Random(5);
  private double tolerance = 2e-3;

  GradientCheck(Backend backend) {
    this.backend = backend;
  }

  GradientCheck input(long... shape) {
    int size = 1;
    for (long d : shape) {
      size = Math.toIntExact(size * d);
    }
    float[] v = new float[size];
    for (int i = 0; i < size; i++) {
      v[i] = (float) random.nextGaussian();
    }
    shapes.add(shape);
    values.add(v);
    return this;
  }

  GradientCheck tolerance(double relative) {
    tolerance = relative;
    return this;
  }

  /** Every input's gradient, all wanted at once and one at a time. */
  void check(Function function) {
    float[] weights = weights(function);
    for (int mask = 1; mask < 1 << values.size(); mask++) {
      boolean all = mask == (1 << values.size()) - 1;
      if (all || Integer.bitCount(mask) == 1) {
        List<float[]> gradients = gradients(function, weights, mask);
        for (int i = 0; i < values.size(); i++) {
          if ((mask >> i & 1) == 1) {
            compare(function, weights, i, gradients.get(i));
          } else {
            assertThat(gradients.get(i)).as("input %s wants no gradient", i).isEmpty();
          }
        }
      }
    }
  }

  private void compare(Function function, float[] weights, int input, float[] gradient) {
    float[] v = values.get(input);
    double scale = 1;
    for (float g : gradient) {
      scale = Math.max(scale, Math.abs(g));
    }
    for (int i = 0; i < v.length; i++) {
      float before = v[i];
      v[i] = before + STEP;
      double up = value(function, weights);
      v[i] = before - STEP;
      double down = value(function, weights);
      v[i] = before;
      assertThat((double) gradient[i]).as("input %s, element %s", input, i)
          .isCloseTo((up - down) / (2 * STEP), within(tolerance * scale));
    }
  }

  private List<Tensor> tensors(Scope scope, int mask) {
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Tensor t = scope.floats(values.get(i).clone(), shapes.get(i));
      inputs.add((mask >> i & 1) == 1 ? t.tracked() : t);
    }
    return inputs;
  }

  private float[] weights(Function function) {
    try (Scope scope = new Scope(backend)) {
      float[] w = new float[(int) function.apply(new Ops(backend, null, scope), tensors(scope, 0)).size()];
      for (int i = 0; i < w.length; i++) {
        w[i] = (float) random.nextGaussian();
      }
      return w;
    }
  }

  private double value(Function function, float[] weights) {
    try (Scope scope = new Scope(backend)) {
      float[] y = function.apply(new Ops(backend, null, scope), tensors(scope, 0)).toFloats();
      double sum = 0;
      for (int i = 0; i < y.length; i++) {
        sum += (double) y[i] * weights[i];
      }
      return sum;
    }
  }

  private List<float[]> gradients(Function function, float[] weights, int mask) {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients into = new Gradients(backend)) {
      List<Tensor> inputs = tensors(scope, mask);
      Tensor y = function.apply(new Ops(backend, tape, scope), inputs);
      tape.backward(y, scope.floats(weights.clone(), y.shape()), into);
      assertThat(tape.size()).isZero();
      return inputs.stream().map(into::get).map(g -> g == null ? new float[0] : g.toFloats()).toList();
    }
  }
}
