package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * Settings of LoRA-GA (arXiv 2407.05000), which starts A and B from the singular vectors of the gradient that full tuning
 * would begin with; the arithmetic is that of PEFT 0.21.
 *
 * @param batch rows in a batch of the estimate, 1 or more; 2 as in ms-swift
 * @param iters batches of the estimate, 1 or more; 2 as in ms-swift
 * @param maxLength tokens of a row that count, 2 or more; 1024 as in ms-swift
 * @param direction which singular vectors go to A and to B; ArB2r as in ms-swift and PEFT
 * @param scale size of the start; stable as in ms-swift and PEFT
 * @param gamma of the stable scale, above 0; 16 as in ms-swift and PEFT
 */
public record GradientStart(int batch, int iters, int maxLength, Direction direction, Scale scale, int gamma) {
  /** The defaults of ms-swift. */
  public static final GradientStart DEFAULT =
      new GradientStart(2, 2, 1024, Direction.ARB2R, Scale.STABLE, 16);

  /** Which of the first 2r singular vectors. */
  public enum Direction {
    /** A: the first r, B: those after them. */
    ARB2R,
    /** B: the first r, A: those after them. */
    A2RBR,
    /** B: the even ones, A: the odd ones. */
    ARBR,
    /** The same ones for both, drawn. */
    RANDOM;

    private static final Map<Direction, String> NAMES =
        Map.of(ARB2R, "ArB2r", A2RBR, "A2rBr", ARBR, "ArBr", RANDOM, "random");

    static Direction of(String name) {
      return Arrays.stream(values()).filter(d -> d.toString().equals(name)).findFirst().orElseThrow(() ->
          new InvalidPlanException("lora_ga_direction is '" + name + "'; it must be ArB2r, A2rBr, ArBr or random."));
    }

    @Override
    public String toString() {
      return NAMES.getOrDefault(this, "");
    }
  }

  /** How large the start is. */
  public enum Scale {
    /** B times {@code out^(1/4) / sqrt(gamma)}. */
    STABLE,
    /** B as large as the weight's largest singular value. */
    WEIGHT_SVD,
    /** Both divided by alpha/rank. */
    GD_SCALE,
    /** As it is. */
    UNIT;

    static Scale of(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "stable" -> STABLE;
        case "weight_svd", "weights" -> WEIGHT_SVD;
        case "gd_scale", "gd" -> GD_SCALE;
        case "unit" -> UNIT;
        default -> throw new InvalidPlanException(
            "lora_ga_scale is '" + name + "'; it must be stable, weight_svd (weightS), gd_scale (gd) or unit.");
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public GradientStart {
    if (batch < 1 || iters < 1 || maxLength < 2 || gamma < 1) {
      throw new InvalidPlanException("lora_ga_batch_size is " + batch + ", lora_ga_iters " + iters + ", lora_ga_max_length "
          + maxLength + ", lora_ga_stable_gamma " + gamma + "; they must be at least 1, 1, 2 and 1.");
    }
  }

  GradientStart batch(int v) {
    return new GradientStart(v, iters, maxLength, direction, scale, gamma);
  }

  GradientStart iters(int v) {
    return new GradientStart(batch, v, maxLength, direction, scale, gamma);
  }

  GradientStart maxLength(int v) {
    return new GradientStart(batch, iters, v, direction, scale, gamma);
  }

  GradientStart direction(Direction v) {
    return new GradientStart(batch, iters, maxLength, v, scale, gamma);
  }

  GradientStart scale(Scale v) {
    return new GradientStart(batch, iters, maxLength, direction, v, gamma);
  }

  GradientStart gamma(int v) {
    return new GradientStart(batch, iters, maxLength, direction, scale, v);
  }
}
