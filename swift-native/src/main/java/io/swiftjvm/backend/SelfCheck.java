package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Every operation of a device against another on the same numbers: what {@code swift selftest} does on a new machine.
 *
 * {@snippet :
 * try (Backend gpu = Devices.open("cuda"); Backend cpu = Devices.cpu()) {
 *   boolean good = SelfCheck.run(gpu, cpu, result -> System.out.println(result)).stream().allMatch(SelfCheck.Result::passed);
 * }
 * }
 */
public final class SelfCheck {
  /** float32 sums in another order. */
  private static final double SAME = 1e-5;
  /** The left side rounded to bf16. */
  private static final double ROUNDED = 2e-2;

  /**
   * One operation.
   *
   * @param what its name
   * @param error the largest difference, relative to the largest number
   * @param tolerance what is allowed
   */
  public record Result(String what, double error, double tolerance) {
    public boolean passed() {
      return error <= tolerance;
    }
  }

  private interface Work {
    List<Tensor> run(Backend b, Inputs in);
  }

  private record Case(String what, double tolerance, Work work) {}

  private final List<Case> cases = new ArrayList<>();

  private SelfCheck() {
    products();
    elements();
    rows();
    fused();
  }

  /** Runs all; {@code told} hears of each result at once. */
  public static List<Result> run(Backend device, Backend reference, Consumer<Result> told) {
    List<Result> results = new ArrayList<>();
    for (Case c : new SelfCheck().cases) {
      Result result = new Result(c.what, difference(numbers(device, c), numbers(reference, c)), c.tolerance);
      told.accept(result);
      results.add(result);
    }
    return results;
  }

  private static List<float[]> numbers(Backend b, Case c) {
    try (Scope scope = new Scope(b)) {
      return c.work.run(b, new Inputs(b, scope, new Random(11))).stream().map(Tensor::toFloats).toList();
    }
  }

  private static double difference(List<float[]> found, List<float[]> expected) {
    double worst = 0;
    for (int r = 0; r < expected.size(); r++) {
      double scale = 1e-20;
      double off = 0;
      for (int i = 0; i < expected.get(r).length; i++) {
        scale = Math.max(scale, Math.abs(expected.get(r)[i]));
        double d = Math.abs((double) found.get(r)[i] - expected.get(r)[i]);
        off = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(off, d);
      }
      worst = Math.max(worst, off / scale);
    }
    return worst;
  }

  /** Makes tensors of the same numbers on every device. */
  private record Inputs(Backend backend, Scope scope, Random random) {
    Tensor floats(long... shape) {
      float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return scope.floats(values, shape);
    }

    Tensor stored(DType type, long... shape) {
      Tensor wide = floats(shape);
      Tensor t = scope.tensor(type, shape);
      if (type.isQuantised()) {
        backend.quantize(wide, t);
      } else {
        backend.cast(wide, t);
      }
      return t;
    }

    Tensor empty(long... shape) {
      return scope.floats(shape);
    }
  }

  private void add(String what, double tolerance, Work work) {
    cases.add(new Case(what, tolerance, work));
  }

  private void products() {
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16, DType.Q8, DType.Q8_128_ZERO, DType.Q6, DType.Q4,
        DType.Q4_64, DType.NF4, DType.F8_BLOCK}) {
      // The cpu's kernels round the rows beside int8 and int4 weights to 8 bits.
      boolean rounds = type.tileRows() > 1;
      add("matrix by " + type.shortName() + " weights, 3 rows", rounds ? ROUNDED : SAME, (b, in) -> {
        Tensor out = in.empty(3, 200);
        b.matmul(in.floats(3, 320), false, in.stored(type, 200, 320), true, out, 1, 0);
        return List.of(out);
      });
      for (boolean transposed : new boolean[] {true, false}) {
        add("matrix by " + type.shortName() + (transposed ? " weights, transposed" : " weights"),
            type == DType.F32 ? SAME : ROUNDED, (b, in) -> {
              Tensor out = in.floats(150, 192);
              b.matmul(in.floats(150, 192), false, in.stored(type, 192, 192), transposed, out, 0.5f, 0.25f);
              return List.of(out);
            });
      }
    }
    add("transposed matrix by matrix", SAME, (b, in) -> {
      Tensor out = in.empty(70, 90);
      b.matmul(in.floats(1000, 70), true, in.floats(1000, 90), false, out, 1, 0);
      return List.of(out);
    });
  }

  private void elements() {
    for (Binary op : Binary.values()) {
      add(op.name(), SAME, (b, in) -> {
        Tensor out = in.empty(37, 100);
        Tensor by = in.empty(100);
        b.fill(by, 1.5f);
        b.binary(op, in.floats(37, 100), by, out);
        return List.of(out);
      });
    }
    for (Unary op : Unary.values()) {
      add(op.name(), SAME, (b, in) -> {
        Tensor x = in.floats(1000);
        if (op == Unary.LOG || op == Unary.SQRT || op == Unary.RSQRT || op == Unary.RECIPROCAL) {
          b.unary(Unary.EXP, x, x);
        }
        b.unary(op, x, x);
        return List.of(x);
      });
    }
    add("dropout", 1e-7, (b, in) -> {
      Tensor x = in.floats(5000);
      b.dropout(x, 0.3f, 77, x);
      b.axpy(0.5f, x, x);
      b.scale(x, 3, x);
      return List.of(x);
    });
    for (DType type : DType.values()) {
      if (type == DType.F32 || !type.isFloat() && !type.isQuantised()) {
        continue;
      }
      add("rounding to " + type.shortName() + " and back", 0, (b, in) -> {
        Tensor out = in.empty(40, 192);
        b.cast(in.stored(type, 40, 192), out);
        return List.of(out);
      });
    }
  }

  private void rows() {
    add("sums and peaks", SAME, (b, in) -> {
      Tensor x = in.floats(300, 700);
      Tensor sums = in.empty(300);
      Tensor peaks = in.empty(300);
      Tensor down = in.floats(700);
      b.reduceColumns(Reduction.SUM, x, sums);
      b.reduceColumns(Reduction.MAX, x, peaks);
      b.sumRows(x, down, 0.5f);
      float squares = (float) b.sumSquares(x);
      return List.of(sums, peaks, down, in.scope().floats(new float[] {squares, b.isFinite(x) ? 1 : 0}, 2));
    });
    add("softmax", SAME, (b, in) -> {
      Tensor x = in.floats(9, 3000);
      b.softmax(x, x);
      return List.of(x);
    });
    add("rows by ids", SAME, (b, in) -> {
      Tensor table = in.floats(20, 33);
      Tensor ids = in.scope().ints(3, 19, 3, 0, 3);
      Tensor out = in.empty(5, 33);
      b.gatherRows(table, ids, out);
      b.scatterAddRows(out, ids, table);
      Tensor part = in.empty(20, 10);
      b.sliceColumns(table, 7, part);
      b.pasteColumns(part, table, 20);
      return List.of(out, table);
    });
    add("rows to their ids", SAME, (b, in) -> {
      Tensor rows = in.floats(5, 96);
      Tensor ids = in.scope().ints(7, 0, 3, 8, 2);
      Tensor table = in.floats(9, 96);
      Tensor bytes = in.scope().tensor(DType.Q8_BLOCK, 9, 96);
      Tensor wide = in.empty(9, 96);
      b.quantize(table, bytes);
      b.scatterRows(rows, ids, table);
      b.scatterRows(rows, ids, bytes);
      b.cast(bytes, wide);
      return List.of(table, wide);
    });
    add("a step done again", SAME, (b, in) -> {
      AttentionSpec spec = new AttentionSpec(4, 2, 32, 32, 0.2f, 0, 0);
      Tensor x = in.floats(2, 64);
      Tensor w = in.floats(128, 64);
      Tensor k = in.floats(64, 64);
      Tensor v = in.floats(64, 64);
      Tensor out = in.empty(2, 128);
      Segments first = cached(3, 9);
      try (Recorder recorder = new Recorder(b, first); Scope room = new Scope(recorder)) {
        Tensor q = room.floats(2, 128);
        recorder.linear(x, w, null, q);
        recorder.attention(q, k, v, spec, first, out, null);
        try (Replay replay = recorder.replay()) {
          for (int i = 0; i < 4; i++) {
            b.scale(x, 0.5f, x);
            replay.run(cached(4 + i, 10 + 7 * i));
          }
        }
      }
      return List.of(out);
    });
    add("the likeliest token", 0, (b, in) -> {
      Tensor ids = in.scope().tensor(DType.I32, 4);
      b.argmax(in.floats(4, 5000), ids);
      Tensor out = in.empty(4, 1);
      b.gatherRows(in.floats(5000, 1), ids, out);
      return List.of(out);
    });
    add("cross-entropy", SAME, (b, in) -> {
      Tensor logits = in.floats(6, 5000);
      Tensor nll = in.empty(6);
      b.crossEntropy(logits, in.scope().ints(0, 4999, -100, 7, 7, 1), nll, in.floats(6));
      return List.of(nll, logits);
    });
  }

  /** Two texts of up to 32 keys with a query each. */
  private static Segments cached(int one, int other) {
    return new Segments(new int[] {0, 1}, new int[] {1, 1}, new int[] {0, 32}, new int[] {one, other});
  }

  private void fused() {
    add("RMSNorm", SAME, (b, in) -> {
      Tensor x = in.floats(200, 1024);
      Tensor w = in.stored(DType.BF16, 1024);
      Tensor dy = in.floats(200, 1024);
      Tensor y = in.empty(200, 1024);
      Tensor rstd = in.empty(200);
      Tensor dx = in.empty(200, 1024);
      Tensor dw = in.floats(1024);
      b.rmsNorm(x, w, 1, 1e-6f, y, rstd);
      b.rmsNormBackward(x, w, 1, rstd, dy, dx, dw);
      return List.of(y, rstd, dx, dw);
    });
    for (boolean interleaved : new boolean[] {false, true}) {
      add("rotary embedding" + (interleaved ? ", interleaved" : ""), SAME, (b, in) -> {
        Tensor x = in.floats(30, 4, 64);
        b.rope(x, in.floats(30, 24), in.floats(30, 24), interleaved, false, x);
        return List.of(x);
      });
    }
    for (Unary act : new Unary[] {Unary.RELU, Unary.SIGMOID, Unary.TANH, Unary.SILU, Unary.GELU, Unary.GELU_TANH}) {
      add("gate by " + act.name(), SAME, (b, in) -> {
        Tensor gate = in.floats(3000);
        Tensor up = in.floats(3000);
        Tensor out = in.empty(3000);
        Tensor dgate = in.empty(3000);
        Tensor dup = in.empty(3000);
        b.gated(act, gate, up, out);
        b.gatedBackward(act, gate, up, in.floats(3000), dgate, dup);
        return List.of(out, dgate, dup);
      });
    }
    add("AdamW", SAME, (b, in) -> {
      Tensor p = in.floats(3000);
      Tensor m = in.floats(3000);
      Tensor v = in.floats(3000);
      b.unary(Unary.SQUARE, v, v);
      b.adamW(p, in.floats(3000), m, v, new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.1, 0.001, 0.5f));
      return List.of(p, m, v);
    });
    attention("attention, heads of 64", new AttentionSpec(4, 2, 64, 64, 0.125f, 0, 0));
    attention("attention, heads of 128 in a window", new AttentionSpec(4, 1, 128, 128, 0.09f, 40, 0));
    attention("attention, heads of 256, capped", new AttentionSpec(2, 1, 256, 256, 0.06f, 0, 30));
    attention("attention by bf16 weights, heads of 64", new AttentionSpec(4, 2, 64, 64, 0.125f, 0, 0, DType.BF16));
    attention(
        "attention by bf16 weights, heads of 128 in a window", new AttentionSpec(4, 1, 128, 128, 0.09f, 40, 0, DType.BF16));
    add("attention of one token over a long cache of 8 bits", SAME, (b, in) -> {
      AttentionSpec spec = new AttentionSpec(8, 2, 64, 64, 0.125f, 0, 0);
      Tensor out = in.empty(1, 512);
      b.attention(in.floats(1, 512), in.stored(DType.Q8_BLOCK, 1500, 128), in.stored(DType.Q8_BLOCK, 1500, 128), spec,
          new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {1500}), out, null);
      return List.of(out);
    });
  }

  private void attention(String what, AttentionSpec spec) {
    add(what, spec.weights() == DType.F32 ? SAME : ROUNDED, (b, in) -> {
      int n = 150;
      Segments segments = Segments.packed(0, 20, 21, n);
      Tensor q = in.floats(n, spec.heads() * spec.headDim());
      Tensor k = in.floats(n, spec.kvHeads() * spec.headDim());
      Tensor v = in.floats(n, spec.kvHeads() * spec.valueDim());
      Tensor dout = in.floats(n, spec.heads() * spec.valueDim());
      Tensor out = in.empty(dout.shape());
      Tensor lse = in.empty(spec.heads(), n);
      Tensor dq = in.empty(q.shape());
      Tensor dk = in.empty(k.shape());
      Tensor dv = in.empty(v.shape());
      b.attention(q, k, v, spec, segments, out, lse);
      b.attentionBackward(q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
      return List.of(out, lse, dq, dk, dv);
    });
  }
}
