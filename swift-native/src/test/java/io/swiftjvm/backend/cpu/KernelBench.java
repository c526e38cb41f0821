package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Random;

/** Prints the speed of the kernels, the best of many runs; arguments are numbers of threads (default 1 and 2). */
public final class KernelBench {
  private static final int[][] SHAPES = {
      {512, 3072, 1024}, {512, 1024, 3072}, {512, 128, 128}, {512, 256, 256}, {2048, 256, 512}, {2048, 8, 256},
      {2048, 256, 8}, {512, 48, 48}};

  private final Backend b;
  private final Scope scope;
  private final Random random = new Random(1);

  private KernelBench(Backend b, Scope scope) {
    this.b = b;
    this.scope = scope;
  }

  public static void main(String[] args) {
    int[] threads = args.length == 0 ? new int[] {1, 2} : new int[args.length];
    for (int i = 0; i < args.length; i++) {
      threads[i] = Integer.parseInt(args[i]);
    }
    for (int n : threads) {
      try (Backend b = new CpuBackend(n); Scope scope = new Scope(b)) {
        System.out.println(b.description());
        new KernelBench(b, scope).run();
      }
    }
  }

  private void run() {
    for (int[] s : SHAPES) {
      matmul(s[0], s[1], s[2], DType.F32, false, true);
      matmul(s[0], s[1], s[2], DType.F32, false, false);
      matmul(s[0], s[1], s[2], DType.F32, true, false);
    }
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      matmul(512, 3072, 1024, type, false, true);
      for (int m : new int[] {1, 4, 16}) {
        matmul(m, 3072, 1024, type, false, true);
      }
      matmul(1, 32_768, 1024, type, false, true);
    }
    attention(new AttentionSpec(16, 8, 128, 128, 0.1f, 0, 0), 1024, 1);
    attention(new AttentionSpec(8, 4, 64, 64, 0.1f, 0, 0), 2048, 16);
    attention(new AttentionSpec(4, 2, 32, 32, 0.1f, 0, 0), 1024, 16);
    elementwise();
  }

  private static double seconds(Runnable body) {
    double best = Double.MAX_VALUE;
    long start = System.nanoTime();
    for (int n = 0; n < 5 || System.nanoTime() - start < 300_000_000; n++) {
      long t = System.nanoTime();
      body.run();
      best = Math.min(best, (System.nanoTime() - t) / 1e9);
    }
    return best;
  }

  private void matmul(int m, int n, int k, DType type, boolean ta, boolean tb) {
    try (Scope s = scope.child()) {
      Tensor x = ta ? Agreement.random(s, random, k, m) : Agreement.random(s, random, m, k);
      Tensor w = tb ? Agreement.random(b, s, random, type, n, k) : Agreement.random(b, s, random, type, k, n);
      Tensor y = s.floats(m, n);
      double t = seconds(() -> b.matmul(x, ta, w, tb, y, 1, 0));
      System.out.printf("matmul %5d %5d %5d %-4s %s%s %8.1f GFLOP/s %6.1f GB/s of b %9.1f us%n",
          m, n, k, type, ta ? "T" : "N", tb ? "T" : "N", 2e-9 * m * n * k / t, w.bytes() / t / 1e9, t * 1e6);
    }
  }

  private void attention(AttentionSpec spec, int n, int sequences) {
    try (Scope s = scope.child()) {
      Tensor q = Agreement.random(s, random, n, spec.heads() * spec.headDim());
      Tensor k = Agreement.random(s, random, n, spec.kvHeads() * spec.headDim());
      Tensor v = Agreement.random(s, random, n, spec.kvHeads() * spec.headDim());
      Tensor out = s.floats(q.shape());
      Tensor lse = s.floats(spec.heads(), n);
      Tensor dq = s.floats(q.shape());
      Tensor dk = s.floats(k.shape());
      Tensor dv = s.floats(v.shape());
      int[] cu = new int[sequences + 1];
      for (int i = 0; i <= sequences; i++) {
        cu[i] = n / sequences * i;
      }
      Segments packed = Segments.packed(cu);
      double work = 2e-9 * spec.heads() * spec.headDim() * n * (n / sequences);
      double forward = seconds(() -> b.attention(q, k, v, spec, packed, out, lse));
      double backward = seconds(() -> b.attentionBackward(q, k, v, spec, packed, out, lse, q, dq, dk, dv));
      Segments last = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {n});
      double decode = seconds(() -> b.attention(q, k, v, spec, last, out, null));
      System.out.printf("attention %d in %d, heads %d/%d of %d: %.1f GFLOP/s, back %.1f; one query %.1f us%n",
          n, sequences, spec.heads(), spec.kvHeads(), spec.headDim(), work / forward, 2.5 * work / backward,
          decode * 1e6);
    }
  }

  private void elementwise() {
    Tensor x = Agreement.random(scope, random, 2048, 4096);
    Tensor y = Agreement.random(scope, random, 2048, 4096);
    Tensor z = scope.floats(2048, 4096);
    Tensor u = scope.floats(2048, 4096);
    Tensor w = scope.floats(4096);
    Tensor rows = scope.floats(2048);
    b.fill(w, 1);
    b.fill(z, 0);
    b.fill(u, 0);
    Tensor labels = scope.ints(new int[2048]);
    AdamStep step = new AdamStep(1e-9f, 0.9f, 0.999f, 1e-8f, 0, 1, 1, 1);
    print("axpy", () -> b.axpy(1e-9f, x, z));
    print("adamW", () -> b.adamW(x, y, z, u, step));
    print("silu", () -> b.unary(Unary.SILU, x, z));
    print("gated", () -> b.gated(Unary.SILU, x, y, z));
    print("gatedBackward", () -> b.gatedBackward(Unary.SILU, x, y, z, z, u));
    print("softmax", () -> b.softmax(x, z));
    print("crossEntropy", () -> b.crossEntropy(x, labels, rows, null));
    print("rmsNorm", () -> b.rmsNorm(x, w, 0, 1e-6f, z, rows));
    print("rmsNormBackward", () -> b.rmsNormBackward(x, w, 0, rows, y, z, w));
    print("sumSquares", () -> b.sumSquares(x));
  }

  private static void print(String name, Runnable body) {
    System.out.printf("%-16s %.2f ns an element%n", name, seconds(body) * 1e9 / (2048 * 4096));
  }
}
