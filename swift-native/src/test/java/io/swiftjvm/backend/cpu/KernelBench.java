package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Random;

public final class KernelBench {
  static double best(Runnable r) {
    double best = 1e9;
    long start = System.nanoTime();
    int n = 0;
    while (n++ < 5 || System.nanoTime() - start < 400_000_000) {
      long t = System.nanoTime();
      r.run();
      best = Math.min(best, (System.nanoTime() - t) / 1e9);
    }
    return best;
  }

  static void mm(Backend b, int m, int n, int k, DType type, boolean ta, boolean tb) {
    try (Scope s = new Scope(b)) {
      Random r = new Random(1);
      Tensor x = ta ? Agreement.random(s, r, k, m) : Agreement.random(s, r, m, k);
      Tensor w = tb ? Agreement.random(b, s, r, type, n, k) : Agreement.random(b, s, r, type, k, n);
      Tensor y = s.floats(m, n);
      double t = best(() -> b.matmul(x, ta, w, tb, y, 1, 0));
      System.out.printf("%5d %5d %5d %-4s %s%s %8.1f GFLOP/s  %6.1f GB/s of w  %9.1f us%n", m, n, k, type, ta ? "T" : "N", tb ? "T" : "N",
          2.0 * m * n * k / t / 1e9, w.bytes() / t / 1e9, t * 1e6);
    }
  }

  static void attn(Backend b, AttentionSpec spec, int n, int segs) {
    try (Scope s = new Scope(b)) {
      Random r = new Random(1);
      Tensor q = Agreement.random(s, r, n, spec.heads() * spec.headDim());
      Tensor k = Agreement.random(s, r, n, spec.kvHeads() * spec.headDim());
      Tensor v = Agreement.random(s, r, n, spec.kvHeads() * spec.headDim());
      Tensor o = s.floats(q.shape()), lse = s.floats(spec.heads(), n), dq = s.floats(q.shape()), dk = s.floats(k.shape()), dv = s.floats(v.shape());
      int[] cu = new int[segs + 1];
      for (int i = 0; i <= segs; i++) cu[i] = n / segs * i;
      Segments sg = Segments.packed(cu);
      double f = 4.0 * spec.heads() * spec.headDim() * n / 2.0 * (n / segs);
      double t = best(() -> b.attention(q, k, v, spec, sg, o, lse));
      double u = best(() -> b.attentionBackward(q, k, v, spec, sg, o, lse, q, dq, dk, dv));
      System.out.printf("attention n %d/%d h %d/%d d %d: fwd %.1f GFLOP/s %.0f us, bwd %.1f GFLOP/s %.0f us%n", n, segs, spec.heads(), spec.kvHeads(), spec.headDim(), f / t / 1e9, t * 1e6, 2.5 * f / u / 1e9, u * 1e6);
      Segments one = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {n});
      double d = best(() -> b.attention(q, k, v, spec, one, o, null));
      System.out.printf("  decode over %d: %.1f us%n", n, d * 1e6);
    }
  }

  public static void main(String[] a) {
    for (int threads : new int[] {1, 2}) {
      try (CpuBackend b = new CpuBackend(threads)) {
        System.out.println(b.description());
        for (DType t : new DType[] {DType.F32, DType.BF16}) {
          mm(b, 512, 3072, 1024, t, false, true);
          mm(b, 512, 1024, 3072, t, false, false);
          mm(b, 1, 3072, 1024, t, false, true);
          mm(b, 1, 32768, 1024, t, false, true);
          mm(b, 4, 3072, 1024, t, false, true);
          mm(b, 16, 3072, 1024, t, false, true);
        }
        mm(b, 3072, 1024, 512, DType.F32, true, false);
        for (int[] d : new int[][] {{512, 128, 128}, {512, 256, 256}, {2048, 256, 256}, {2048, 512, 256}, {2048, 256, 512}, {512, 48, 48}, {2048, 2048, 256}, {2048, 8, 256}, {2048, 256, 8}, {8, 256, 2048}}) {
          mm(b, d[0], d[1], d[2], DType.F32, false, true);
          mm(b, d[0], d[1], d[2], DType.F32, false, false);
          mm(b, d[0], d[1], d[2], DType.F32, true, false);
        }
        attn(b, new AttentionSpec(16, 8, 128, 128, 0.1f, 0, 0), 1024, 1);
        attn(b, new AttentionSpec(8, 4, 64, 64, 0.1f, 0, 0), 2048, 16);
        attn(b, new AttentionSpec(4, 2, 32, 32, 0.1f, 0, 0), 1024, 16);
        try (Scope s = new Scope(b)) {
          Random r = new Random(1);
          Tensor x = Agreement.random(s, r, 2048, 4096), y = Agreement.random(s, r, 2048, 4096), z = s.floats(2048, 4096), w = s.floats(2048, 4096);
          double n = x.size();
          System.out.printf("axpy %.1f GB/s%n", 12 * n / best(() -> b.axpy(1e-9f, x, z)) / 1e9);
          System.out.printf("fill %.1f GB/s%n", 4 * n / best(() -> b.fill(z, 0)) / 1e9);
          System.out.printf("silu %.2f ns/el%n", 1e9 / n * best(() -> b.unary(Unary.SILU, x, z)));
          System.out.printf("gated %.2f ns/el%n", 1e9 / n * best(() -> b.gated(Unary.SILU, x, y, z)));
          System.out.printf("gatedBackward %.2f ns/el%n", 1e9 / n * best(() -> b.gatedBackward(Unary.SILU, x, y, z, z, w)));
          System.out.printf("exp in cache %.2f ns/el%n", 1e9 / 4096 / 4 * best(() -> b.unary(Unary.EXP, x.slice(0, 4), z.slice(0, 4))));
          System.out.printf("softmax %.2f ns/el%n", 1e9 / n * best(() -> b.softmax(x, z)));
          System.out.printf("crossEntropy %.2f ns/el%n", 1e9 / n * best(() -> b.crossEntropy(x, s.ints(new int[2048]), y.view(x.size()).slice(0, 2048), null)));
          Tensor wt = s.floats(4096), rs = s.floats(2048);
          b.fill(wt, 1);
          System.out.printf("rmsNorm %.2f ns/el%n", 1e9 / n * best(() -> b.rmsNorm(x, wt, 0, 1e-6f, z, rs)));
          System.out.printf("rmsNormBackward %.2f ns/el%n", 1e9 / n * best(() -> b.rmsNormBackward(x, wt, 0, rs, y, z, wt)));
          System.out.printf("sumSquares %.2f ns/el%n", 1e9 / n * best(() -> b.sumSquares(x)));
          System.out.printf("dropout %.2f ns/el%n", 1e9 / n * best(() -> b.dropout(x, 0.1f, 3, z)));
          b.fill(w, 0);
          System.out.printf("adamW %.1f GB/s%n", 28 * n / 1e9 / best(() -> b.adamW(x, y, z, w, new AdamStep(1e-9f, .9f, .999f, 1e-8f, 0, 1, 1, 1))));
        }
      }
    }
  }
}
