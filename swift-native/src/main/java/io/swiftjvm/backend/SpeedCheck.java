package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How fast a device multiplies and moves memory: the two numbers that bound training and answering. */
public final class SpeedCheck {
  private static final double ENOUGH_SECONDS = 0.3;
  private static final int MOST_ROUNDS = 200;

  private SpeedCheck() {}

  /**
   * One measured number.
   *
   * @param what the work
   * @param value the speed
   * @param unit of the value: TFLOP/s or GB/s
   */
  public record Speed(String what, double value, String unit) {}

  /**
   * Measures products of square matrices, attention of half as many rows, and copies.
   *
   * @param side rows and columns of the matrices: 4096 for a GPU, less for a slow device
   */
  public static List<Speed> run(Backend b, int side) {
    List<Speed> speeds = new ArrayList<>();
    try (Scope scope = new Scope(b)) {
      Tensor a = scope.floats(side, side);
      Tensor out = scope.floats(side, side);
      b.fill(a, 0.5f);
      for (DType type : new DType[] {DType.BF16, DType.F32}) {
        Tensor w = scope.tensor(type, side, side);
        b.cast(a, w);
        double seconds = seconds(out, () -> b.matmul(a, false, w, true, out, 1, 0));
        speeds.add(new Speed("product of " + side + " rows by " + type.shortName() + " weights",
            2.0 * side * side * side / seconds / 1e12, "TFLOP/s"));
        Tensor row = a.slice(0, 1);
        Tensor answer = out.slice(0, 1);
        double one = seconds(out, () -> b.matmul(row, false, w, true, answer, 1, 0));
        speeds.add(new Speed("one row by " + type.shortName() + " weights", w.bytes() / one / 1e9, "GB/s"));
      }
      attention(b, scope, side / 2, speeds);
      double copy = seconds(out, () -> b.copy(a, out));
      speeds.add(new Speed("copy, read and written", 2.0 * a.bytes() / copy / 1e9, "GB/s"));
    }
    return speeds;
  }

  /** In the shape of Qwen3-0.6B's layers; a pass back has five products where the pass forward has two. */
  private static void attention(Backend b, Scope scope, int rows, List<Speed> speeds) {
    AttentionSpec spec = new AttentionSpec(16, 8, 128, 128, 0.088f, 0, 0, DType.BF16);
    Segments segments = Segments.packed(0, rows);
    List<Tensor> wide = Stream.generate(() -> filled(b, scope, rows, 16 * 128)).limit(4).toList();
    List<Tensor> narrow = Stream.generate(() -> filled(b, scope, rows, 8 * 128)).limit(4).toList();
    Tensor q = wide.getFirst();
    Tensor out = wide.get(1);
    Tensor lse = scope.floats(16, rows);
    double product = (double) rows * rows * spec.heads() * spec.headDim() / 1e12;
    double forward = seconds(out, () -> b.attention(q, narrow.get(0), narrow.get(1), spec, segments, out, lse));
    speeds.add(new Speed("attention of " + rows + " rows by bf16 weights", 2 * product / forward, "TFLOP/s"));
    double back = seconds(wide.get(3), () -> b.attentionBackward(
        q, narrow.get(0), narrow.get(1), spec, segments, out, lse, wide.get(2), wide.get(3), narrow.get(2), narrow.get(3)));
    speeds.add(new Speed("its gradients", 5 * product / back, "TFLOP/s"));
  }

  private static Tensor filled(Backend b, Scope scope, long rows, long columns) {
    Tensor x = scope.floats(rows, columns);
    b.fill(x, 0.1f);
    return x;
  }

  /** Seconds of one call; reading an element waits for the device. */
  private static double seconds(Tensor result, Runnable call) {
    call.run();
    result.get(0);
    int rounds = 1;
    while (true) {
      long start = System.nanoTime();
      for (int i = 0; i < rounds; i++) {
        call.run();
      }
      result.get(0);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (seconds > ENOUGH_SECONDS || rounds >= MOST_ROUNDS) {
        return seconds / rounds;
      }
      rounds = Math.min(MOST_ROUNDS, rounds * 4);
    }
  }
}
