package io.swiftjvm.train.report;

import io.swiftjvm.train.TrainEvent;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Warns where a training goes wrong without failing: a loss that has not fallen for many steps, one that is far above
 * its best, memory that grows without end. Each trouble is told once, and again only when it was gone in between.
 *
 * {@snippet :
 * job.listener(new Alerts(100, warning -> pager.send(warning.message())));
 * }
 */
public final class Alerts implements Consumer<TrainEvent> {
  private static final double SMOOTHING = 0.9;
  private static final double GROWTH = 1.5;
  private static final int WARM = 50;

  private final int patience;
  private final Consumer<TrainEvent.Warning> tell;
  private double smooth = Double.NaN;
  private double best = Double.POSITIVE_INFINITY;
  private int bestStep;
  private int steps;
  private boolean flat;
  private boolean risen;
  private long memory;

  /**
   * Alerts of one training.
   *
   * @param patience steps without a new least loss (smoothed) before the alert; 0 = never
   * @param tell gets the alerts
   */
  public Alerts(int patience, Consumer<TrainEvent.Warning> tell) {
    this.patience = patience;
    this.tell = tell;
  }

  @Override
  public void accept(TrainEvent event) {
    if (event instanceof TrainEvent.StepEnd end && Double.isFinite(end.loss())) {
      steps++;
      loss(end);
      memory(end);
    }
  }

  private void loss(TrainEvent.StepEnd end) {
    smooth = Double.isNaN(smooth) ? end.loss() : SMOOTHING * smooth + (1 - SMOOTHING) * end.loss();
    if (smooth < best) {
      best = smooth;
      bestStep = end.step();
      flat = false;
      risen = false;
    }
    if (patience > 0 && end.step() - bestStep >= patience && !flat) {
      flat = true;
      tell(end.step(), "alert: the loss has not fallen for %d steps; it is %.4f, the least was %.4f at step %d. Look at "
          + "learning rate and data.", end.step() - bestStep, smooth, best, bestStep);
    }
    if (steps > WARM && smooth > 2 * best + 1 && !risen) {
      risen = true;
      tell(end.step(), "alert: the loss has risen to %.4f from %.4f at step %d. Lower the learning rate.", smooth, best,
          bestStep);
    }
  }

  private void memory(TrainEvent.StepEnd end) {
    if (steps == WARM) {
      memory = end.memoryBytes();
    } else if (steps > WARM && end.memoryBytes() > GROWTH * memory) {
      tell(end.step(), "alert: the process has grown from %,d to %,d MiB since step %d.", memory >> 20,
          end.memoryBytes() >> 20, end.step() - steps + WARM);
      memory = end.memoryBytes();
    }
  }

  private void tell(int step, String form, Object... values) {
    tell.accept(new TrainEvent.Warning(step, String.format(Locale.ROOT, form, values)));
  }
}
