package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The learning-rate curves of Hugging Face transformers; formulas as in its {@code optimization.py}. */
public enum ScheduleType {
  /** Straight down to 0. */
  LINEAR,
  /** A cosine to 0; {@code num_cycles} waves (0.5). */
  COSINE("num_cycles"),
  /** {@code num_cycles} (1) cosines, each from the peak to 0. */
  COSINE_WITH_RESTARTS("num_cycles"),
  /** A power {@code power} (1) down to {@code lr_end} (1e-7). */
  POLYNOMIAL("power", "lr_end"),
  /** No warm-up and no change. */
  CONSTANT,
  /** Warm-up, then no change. */
  CONSTANT_WITH_WARMUP,
  /** 1/sqrt(step) with {@code timescale} (the warm-up, or 10,000). */
  INVERSE_SQRT("timescale"),
  /** A cosine to {@code min_lr} or to {@code min_lr_rate} times the peak. */
  COSINE_WITH_MIN_LR("num_cycles", "min_lr", "min_lr_rate"),
  /** Warm-up, {@code num_stable_steps}, {@code num_decay_steps} down to {@code min_lr_ratio} (0). */
  WARMUP_STABLE_DECAY("num_stable_steps", "num_decay_steps", "warmup_type", "decay_type", "min_lr_ratio", "num_cycles");

  private static final Set<String> SHAPES = Set.of("linear", "cosine", "1-sqrt");

  private final Set<String> settings;

  ScheduleType(String... settings) {
    this.settings = Set.of(settings);
  }

  /** The curve of a Hugging Face name such as {@code cosine_with_min_lr}. */
  public static ScheduleType of(String name) {
    for (ScheduleType type : values()) {
      if (type.toString().equals(name)) {
        return type;
      }
    }
    throw new InvalidPlanException("No schedule is named '" + name + "'. Use one of "
        + Arrays.stream(values()).map(ScheduleType::toString).collect(Collectors.joining(", ")) + ".");
  }

  /** The Hugging Face name. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** True if the rate of a step depends on how many steps there are in all. */
  public boolean dependsOnTotal() {
    return this != CONSTANT && this != CONSTANT_WITH_WARMUP && this != INVERSE_SQRT;
  }

  void check(Map<String, Object> given) {
    for (Map.Entry<String, Object> entry : given.entrySet()) {
      if (!settings.contains(entry.getKey())) {
        throw refusal(entry.getKey(), entry.getValue(), "unknown; this schedule takes " + settings);
      }
      boolean text = entry.getKey().endsWith("_type");
      if (text ? !SHAPES.contains(entry.getValue())
          : !(entry.getValue() instanceof Number n && Double.isFinite(n.doubleValue()))) {
        throw refusal(entry.getKey(), entry.getValue(), text ? "to be one of " + SHAPES : "to be a number");
      }
    }
    if (this == COSINE_WITH_MIN_LR && given.containsKey("min_lr") == given.containsKey("min_lr_rate")) {
      throw new InvalidPlanException(
          "The schedule cosine_with_min_lr needs either min_lr or min_lr_rate, got " + given + ".");
    }
    if (this == WARMUP_STABLE_DECAY && !given.containsKey("num_decay_steps")) {
      throw new InvalidPlanException("The schedule warmup_stable_decay needs num_decay_steps, got " + given + ".");
    }
    double scale = number(given, "timescale", 1);
    if (scale <= 0) {
      throw refusal("timescale", scale, "to be above 0");
    }
  }

  private InvalidPlanException refusal(String key, Object value, String allowed) {
    return new InvalidPlanException(
        "The setting " + key + " of the schedule " + this + " is " + value + "; it is " + allowed + ".");
  }

  Schedule schedule(double peak, int warmup, int total, Map<String, Object> given) {
    double end = number(given, "lr_end", 1e-7);
    if (this == POLYNOMIAL && end >= peak) {
      throw refusal("lr_end", end, "to be below the peak rate " + peak);
    }
    int ramp = Math.max(1, warmup);
    return switch (this) {
      case LINEAR -> s -> peak * (s < warmup ? (double) s / ramp
          : Math.max(0, (double) (total - s) / Math.max(1, total - warmup)));
      case COSINE -> {
        double cycles = number(given, "num_cycles", 0.5);
        yield s -> peak * (s < warmup ? (double) s / ramp : Math.max(0, wave(progress(s, warmup, total), cycles)));
      }
      case COSINE_WITH_RESTARTS -> {
        double cycles = number(given, "num_cycles", 1);
        yield s -> peak * (s < warmup ? (double) s / ramp : restart(progress(s, warmup, total), cycles));
      }
      case POLYNOMIAL -> {
        double power = number(given, "power", 1);
        yield s -> peak * (s < warmup ? (double) s / ramp : s > total ? end / peak
            : ((peak - end) * StrictMath.pow(1 - (double) (s - warmup) / (total - warmup), power) + end) / peak);
      }
      case CONSTANT -> s -> peak;
      case CONSTANT_WITH_WARMUP -> s -> peak * (s < warmup ? (double) s / ramp : 1);
      case INVERSE_SQRT -> {
        double scale = number(given, "timescale", warmup > 0 ? warmup : 10_000);
        yield s -> peak * (s < warmup ? (double) s / ramp : 1 / Math.sqrt((s + scale - warmup) / scale));
      }
      case COSINE_WITH_MIN_LR -> {
        double cycles = number(given, "num_cycles", 0.5);
        double least =
            given.containsKey("min_lr") ? number(given, "min_lr", 0) / peak : number(given, "min_lr_rate", 0);
        yield s -> peak * (s < warmup ? (double) s / ramp
            : Math.max(0, wave(progress(s, warmup, total), cycles) * (1 - least) + least));
      }
      case WARMUP_STABLE_DECAY -> stable(peak, warmup, total, given);
    };
  }

  private static Schedule stable(double peak, int warmup, int total, Map<String, Object> given) {
    double least = number(given, "min_lr_ratio", 0);
    double cycles = number(given, "num_cycles", 0.5);
    int decay = (int) number(given, "num_decay_steps", 0);
    int stable = (int) number(given, "num_stable_steps", Math.max(0, total - warmup - decay));
    String up = text(given, "warmup_type", "linear");
    String down = text(given, "decay_type", "cosine");
    return s -> {
      double factor;
      if (s < warmup) {
        double p = (double) s / Math.max(1, warmup);
        factor = switch (up) {
          case "cosine" -> 0.5 * (1 - StrictMath.cos(Math.PI * p));
          case "1-sqrt" -> 1 - Math.sqrt(1 - p);
          default -> p;
        };
      } else if (s < warmup + stable) {
        return peak;
      } else if (s < warmup + stable + decay) {
        double p = (double) (s - warmup - stable) / Math.max(1, decay);
        factor = switch (down) {
          case "linear" -> 1 - p;
          case "1-sqrt" -> 1 - Math.sqrt(p);
          default -> wave(p, cycles);
        };
      } else {
        return peak * least;
      }
      return peak * Math.max(0, factor * (1 - least) + least);
    };
  }

  private static double progress(int step, int warmup, int total) {
    return (double) (step - warmup) / Math.max(1, total - warmup);
  }

  private static double wave(double progress, double cycles) {
    return 0.5 * (1 + StrictMath.cos(Math.PI * cycles * 2 * progress));
  }

  private static double restart(double progress, double cycles) {
    return progress >= 1 ? 0 : Math.max(0, 0.5 * (1 + StrictMath.cos(Math.PI * (cycles * progress % 1.0))));
  }

  private static double number(Map<String, Object> given, String key, double fallback) {
    return given.get(key) instanceof Number n ? n.doubleValue() : fallback;
  }

  private static String text(Map<String, Object> given, String key, String fallback) {
    @Nullable Object value = given.get(key);
    return value instanceof String s ? s : fallback;
  }
}
