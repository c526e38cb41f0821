package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the learning rate moves, by the names and settings of Hugging Face's {@code get_scheduler}.
 *
 * @param type which curve
 * @param warmupSteps steps from 0 to the peak; not together with {@code warmupRatio}
 * @param warmupRatio the same as a share of all steps, 0 .. below 1
 * @param settings what the curve takes beyond that, numbers or texts: {@code num_cycles}, {@code min_lr_rate}, ...
 */
public record ScheduleSpec(
    ScheduleType type, int warmupSteps, double warmupRatio, Map<String, Object> settings) {
  /** Cosine to zero without warm-up: the default of ms-swift. */
  public static final ScheduleSpec DEFAULT = new ScheduleSpec(ScheduleType.COSINE, 0, 0, Map.of());

  public ScheduleSpec {
    if (warmupSteps < 0 || !(warmupRatio >= 0 && warmupRatio < 1)) {
      throw new InvalidPlanException("schedule.warmupSteps is " + warmupSteps + " and warmupRatio " + warmupRatio
          + "; steps must be 0 or more, the ratio 0 .. below 1.");
    }
    if (warmupSteps > 0 && warmupRatio > 0) {
      throw new InvalidPlanException("schedule.warmupSteps (" + warmupSteps + ") and warmupRatio (" + warmupRatio
          + ") were both given. Use one of them.");
    }
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    type.check(settings);
  }

  /** Sets the curve. Default: cosine. */
  public ScheduleSpec type(ScheduleType value) {
    return new ScheduleSpec(value, warmupSteps, warmupRatio, settings);
  }

  /** Sets the curve by its Hugging Face name. */
  public ScheduleSpec type(String name) {
    return type(ScheduleType.of(name));
  }

  /** Sets the warm-up in steps. Default: 0. */
  public ScheduleSpec warmupSteps(int value) {
    return new ScheduleSpec(type, value, warmupRatio, settings);
  }

  /** Sets the warm-up as a share of all steps, rounded up. Default: 0. */
  public ScheduleSpec warmupRatio(double value) {
    return new ScheduleSpec(type, warmupSteps, value, settings);
  }

  /** Sets what the curve takes beyond warm-up. Default: nothing. */
  public ScheduleSpec settings(Map<String, Object> value) {
    return new ScheduleSpec(type, warmupSteps, warmupRatio, value);
  }

  /** Warm-up steps in a run of {@code totalSteps}. */
  public int warmup(int totalSteps) {
    return warmupSteps > 0 ? warmupSteps : (int) Math.ceil(totalSteps * warmupRatio);
  }

  /** The curve of a run. */
  public Schedule schedule(double peak, int totalSteps) {
    return type.schedule(peak, warmup(totalSteps), totalSteps, settings);
  }
}
