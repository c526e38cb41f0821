package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import java.time.Duration;

/**
 * Bounds of a {@link Scheduler}; how many sequences run at once is the engine's {@link EngineOptions#maxSequences}.
 *
 * @param queue most calls that wait while all places are taken
 * @param queueWait longest wait of a sequence
 * @param buffer most events of a call that nobody took yet; then the call pauses
 */
public record SchedulerOptions(int queue, Duration queueWait, int buffer) {
  /** 128 waiting calls, 60 seconds, 256 events. */
  public static final SchedulerOptions DEFAULT = new SchedulerOptions(128, Duration.ofSeconds(60), 256);

  public SchedulerOptions {
    if (queue < 1 || buffer < 1 || queueWait.isNegative() || queueWait.isZero()) {
      throw new InvalidPlanException("scheduler: queue is " + queue + ", queueWait " + queueWait + " and buffer "
          + buffer + "; all must be positive.");
    }
  }

  /** Sets how many calls may wait. Default: 128. Legal: 1 or more. */
  public SchedulerOptions queue(int value) {
    return new SchedulerOptions(value, queueWait, buffer);
  }

  /** Sets how long a sequence may wait. Default: 60 seconds. Legal: over 0. */
  public SchedulerOptions queueWait(Duration value) {
    return new SchedulerOptions(queue, value, buffer);
  }

  /** Sets how many events of a call wait to be taken. Default: 256. Legal: 1 or more. */
  public SchedulerOptions buffer(int value) {
    return new SchedulerOptions(queue, queueWait, value);
  }
}
