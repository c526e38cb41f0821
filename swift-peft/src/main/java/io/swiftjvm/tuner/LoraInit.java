package io.swiftjvm.tuner;

/** How the matrix A of a low-rank adapter starts; B always starts at zero, so the model starts unchanged. */
public enum LoraInit {
  /** Kaiming uniform with a = sqrt(5): uniform in +-1/sqrt(in), what PEFT does by default. */
  KAIMING_UNIFORM,
  /** Normal with standard deviation 1/rank. */
  GAUSSIAN;

  void fill(float[] a, int rank, long in, Seeds random) {
    double bound = 1.0 / Math.sqrt(in);
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) (this == GAUSSIAN ? random.normal() / rank : (2 * random.uniform() - 1) * bound);
    }
  }
}
