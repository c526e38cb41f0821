package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.QuietLogs;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Runs one computation on all kernels and compares what comes out with the portable ones. */
public final class Agreement {
  static {
    QuietLogs.on();
  }

  private Agreement() {}

  /** A computation: makes its inputs from the seeded random, returns its results. */
  public interface Case {
    List<Tensor> run(Backend backend, Scope scope, Random random);
  }

  /** Every implementation there is, the portable reference first. */
  public static Stream<Backend> all() {
    List<Backend> backends = new ArrayList<>();
    backends.add(CpuBackend.portable(1));
    backends.add(Without.fused(CpuBackend.portable(1)));
    backends.add(new CpuBackend(1));
    backends.add(Without.fused(new CpuBackend(1)));
    return backends.stream();
  }

  /** The results may differ by tolerance times the largest entry of each. */
  public static void check(double tolerance, Case what) {
    check(tolerance, 0, what);
  }

  /** Entries are taken to be at least {@code floor} large: for results that cancel to nearly nothing. */
  public static void check(double tolerance, double floor, Case what) {
    check(all(), tolerance, floor, what);
  }

  /** Compares all with the first. */
  static void check(Stream<Backend> backends, double tolerance, double floor, Case what) {
    List<float[]> expected = null;
    for (Backend backend : backends.toList()) {
      List<float[]> found = results(backend, what);
      backend.close();
      if (expected == null) {
        expected = found;
      }
      for (int r = 0; r < expected.size(); r++) {
        compare(backend.description() + ", result " + r, expected.get(r), found.get(r), tolerance, floor);
      }
    }
  }

  public static List<float[]> results(Backend backend, Case what) {
    try (Scope scope = new Scope(backend)) {
      return what.run(backend, scope, new Random(7)).stream().map(Tensor::toFloats).toList();
    }
  }

  static void compare(String name, float[] expected, float[] found, double tolerance, double floor) {
    double scale = Math.max(floor, 1e-30);
    for (float e : expected) {
      scale = Math.max(scale, Float.isFinite(e) ? Math.abs(e) : 0);
    }
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs((double) expected[i] - found[i]) <= tolerance * scale)
          && Float.compare(expected[i], found[i]) != 0) {
        assertThat(found[i]).as(name + " [" + i + "] of " + expected.length + ", scale " + scale)
            .isEqualTo(expected[i]);
      }
    }
  }

  public static Tensor random(Scope scope, Random random, long... shape) {
    return random(scope, random, 1f, shape);
  }

  public static Tensor random(Scope scope, Random random, float deviation, long... shape) {
    int n = 1;
    for (long d : shape) {
      n *= (int) d;
    }
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian() * deviation;
    }
    return scope.floats(values, shape);
  }

  public static Tensor random(Backend backend, Scope scope, Random random, DType type, long... shape) {
    Tensor wide = random(scope, random, shape);
    Tensor narrow = scope.tensor(type, shape);
    if (type.isQuantised()) {
      backend.quantize(wide, narrow);
    } else {
      backend.cast(wide, narrow);
    }
    return narrow;
  }

  public static Tensor copy(Backend backend, Scope scope, Tensor x) {
    Tensor y = scope.tensor(x.dtype(), x.shape());
    backend.copy(x, y);
    return y;
  }
}
