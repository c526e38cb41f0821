package io.swiftjvm.backend.cpu;

import static io.swiftjvm.backend.cpu.Scalars.get;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Matrix product: panels of b are widened and laid out k-major, so that the inner loop runs over columns of out. */
final class JavaMatmul {
  private static final int NB = Kernels.TILE;
  private static final int KB = 256;

  private JavaMatmul() {}

  static void run(
      MemorySegment a, boolean transposeA, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m,
      long n, long k, float alpha, float beta, long m0, long m1, long n0, long n1) {
    float[] panel = new float[KB * NB];
    float[] row = new float[KB];
    float[] acc = new float[NB];
    for (long j0 = n0; j0 < n1; j0 += NB) {
      int nb = (int) Math.min(NB, n1 - j0);
      for (long k0 = 0; k0 < Math.max(k, 1); k0 += KB) {
        int kb = (int) Math.min(KB, k - k0);
        pack(b, bType, transposeB, n, k, k0, kb, j0, nb, panel);
        float keep = k0 == 0 ? beta : 1;
        for (long i = m0; i < m1; i++) {
          for (int p = 0; p < kb; p++) {
            row[p] = get(a, transposeA ? (k0 + p) * m + i : i * k + k0 + p);
          }
          multiply(row, panel, acc, kb);
          long at = (i * n + j0) * Float.BYTES;
          for (int j = 0; j < nb; j++) {
            long to = at + (long) j * Float.BYTES;
            float old = keep == 0 ? 0 : keep * out.get(ValueLayout.JAVA_FLOAT_UNALIGNED, to);
            out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, to, old + alpha * acc[j]);
          }
        }
      }
    }
  }

  private static void multiply(float[] row, float[] panel, float[] acc, int kb) {
    Arrays.fill(acc, 0);
    for (int p = 0; p < kb; p++) {
      float x = row[p];
      int at = p * NB;
      for (int j = 0; j < NB; j++) {
        acc[j] += x * panel[at + j];
      }
    }
  }

  private static void pack(
      MemorySegment b, DType type, boolean transposed, long n, long k, long k0, int kb, long j0, int nb,
      float[] panel) {
    for (int p = 0; p < kb; p++) {
      for (int j = 0; j < NB; j++) {
        float value = j >= nb ? 0 : transposed ? get(b, type, k, j0 + j, k0 + p) : get(b, type, n, k0 + p, j0 + j);
        panel[p * NB + j] = value;
      }
    }
  }
}
