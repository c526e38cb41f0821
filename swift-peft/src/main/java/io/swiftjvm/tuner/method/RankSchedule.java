package io.swiftjvm.tuner.method;

/**
 * How AdaLoRA (arXiv 2303.10512) spends its ranks over a training: all of them during the warm-up, then fewer and
 * fewer, falling with the cube of what is left, then the target.
 *
 * @param warmup first steps with all ranks; 0 as in ms-swift and PEFT ({@code tinit})
 * @param fixed last steps, in which no rank changes; 0 as in ms-swift and PEFT ({@code tfinal})
 * @param interval ranks are chosen again every so many steps; 1 as in ms-swift and PEFT ({@code deltaT})
 * @param sensitivity how slowly the importance of a weight changes, 0 .. 1; 0.85 as in ms-swift and PEFT
 *     ({@code beta1})
 * @param uncertainty how slowly the doubt about it changes, 0 .. 1; 0.85 as in ms-swift and PEFT ({@code beta2})
 */
public record RankSchedule(int warmup, int fixed, int interval, double sensitivity, double uncertainty) {
  /** Ranks fall from the first to the last step. */
  public static final RankSchedule DEFAULT = new RankSchedule(0, 0, 1, 0.85, 0.85);

  /** Checks the ranges. */
  public RankSchedule {
    Ranges.atLeast("adalora.warmup", warmup, 0);
    Ranges.atLeast("adalora.fixed", fixed, 0);
    Ranges.atLeast("adalora.interval", interval, 1);
    Ranges.check(sensitivity > 0 && sensitivity < 1 && uncertainty > 0 && uncertainty < 1,
        "adalora.sensitivity and uncertainty are " + sensitivity + " and " + uncertainty
            + "; they must be between 0 and 1.");
  }

  /** Sets warmup. */
  public RankSchedule warmup(int value) {
    return new RankSchedule(value, fixed, interval, sensitivity, uncertainty);
  }

  /** Sets fixed. */
  public RankSchedule fixed(int value) {
    return new RankSchedule(warmup, value, interval, sensitivity, uncertainty);
  }

  /** Sets interval. */
  public RankSchedule interval(int value) {
    return new RankSchedule(warmup, fixed, value, sensitivity, uncertainty);
  }

  /** Sets sensitivity. */
  public RankSchedule sensitivity(double value) {
    return new RankSchedule(warmup, fixed, interval, value, uncertainty);
  }

  /** Sets uncertainty. */
  public RankSchedule uncertainty(double value) {
    return new RankSchedule(warmup, fixed, interval, sensitivity, value);
  }

  /** Ranks to keep after step {@code step} (from 1) of {@code total}; all of them while nothing is to be chosen. */
  int budget(int step, int total, int all, int target) {
    int last = total - fixed;
    if (step <= warmup) {
      return all;
    }
    if (step < last && step % interval != 0) {
      return all;
    }
    double left = step >= last ? 0 : 1 - (double) (step - warmup) / (last - warmup);
    return (int) ((all - target) * left * left * left + target);
  }
}
