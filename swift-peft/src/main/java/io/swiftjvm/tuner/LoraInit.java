package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Locale;

/** How a low-rank adapter starts. The model starts unchanged with each of them but {@link #LOFTQ} and
 * {@link #RANDOM}. */
public enum LoraInit {
  /** A Kaiming uniform with a = sqrt(5): uniform in +-1/sqrt(in), what PEFT does by default; B zero. */
  KAIMING_UNIFORM,
  /** A normal with standard deviation 1/rank; B zero. */
  GAUSSIAN,
  /** A as {@link #KAIMING_UNIFORM}, B uniform in +-1/sqrt(rank): an adapter that is not zero, for tests. */
  RANDOM,
  /** From the largest singular values of the weight, the rest of which stays frozen (arXiv 2404.02948). */
  PISSA,
  /** From the QR decomposition of the weight, the rest of which stays frozen (arXiv 2406.01775). */
  OLORA,
  /** From the gradient that full tuning would begin with (arXiv 2407.05000), see {@link GradientStart}. */
  LORA_GA,
  /** From what the weight loses by becoming NF4, which it does (arXiv 2310.08659), see {@link LoftqStart}. */
  LOFTQ;

  /** The start called so by ms-swift or PEFT. */
  public static LoraInit of(String name) {
    // The number of PEFT's rounds says nothing here, where the decomposition goes on until it stands.
    if (name.matches("pissa_niter_\\d+")) {
      return PISSA;
    }
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "true", "kaiming_uniform" -> KAIMING_UNIFORM;
      case "false" -> RANDOM;
      case "gaussian" -> GAUSSIAN;
      case "pissa" -> PISSA;
      case "olora" -> OLORA;
      case "loftq" -> LOFTQ;
      case "lora-ga", "lora_ga" -> LORA_GA;
      default -> throw new InvalidPlanException(
          "init_weights is '" + name + "'; lora has true (kaiming_uniform), false, gaussian, pissa, olora, loftq and lora-ga.");
    };
  }

  /** Its name in a plan. */
  public String plain() {
    return switch (this) {
      case KAIMING_UNIFORM -> "true";
      case RANDOM -> "false";
      case LORA_GA -> "lora-ga";
      default -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** True if A and B start as a part of the weight. */
  public boolean insideWeight() {
    return this == PISSA || this == OLORA || this == LORA_GA;
  }

  /** Fills B (out,rank), where it is not zero. */
  void fillB(float[] b, int rank, Seeds random) {
    double bound = 1.0 / Math.sqrt(rank);
    for (int i = 0; i < b.length && this == RANDOM; i++) {
      b[i] = (float) ((2 * random.uniform() - 1) * bound);
    }
  }

  /** Fills A (rank,in). */
  public void fill(float[] a, int rank, long in, Seeds random) {
    double bound = 1.0 / Math.sqrt(in);
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) (this == GAUSSIAN ? random.normal() / rank : (2 * random.uniform() - 1) * bound);
    }
  }
}
