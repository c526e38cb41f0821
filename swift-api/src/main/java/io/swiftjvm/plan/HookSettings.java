package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What watches and extends a training.
 *
 * @param reportTo pages and curves beside {@code logging.jsonl}: tensorboard, html, all, none
 * @param alertSteps warn when the loss has not fallen for so many steps; 0 = never
 * @param callbacks names of registered {@link io.swiftjvm.train.Callback}s
 * @param lossType name of a registered {@link io.swiftjvm.train.objective.ObjectiveProvider}; null = the task's own loss
 * @param channelLoss tell the loss of each channel, the {@code channel} of the rows
 */
public record HookSettings(
    List<String> reportTo, int alertSteps, List<String> callbacks, @Nullable String lossType, boolean channelLoss) {
  private static final List<String> REPORTS = List.of("tensorboard", "html", "all", "none");
  static final HookSettings DEFAULT = new HookSettings(List.of("tensorboard", "html"), 100, List.of(), null, false);

  public HookSettings {
    reportTo = List.copyOf(reportTo);
    callbacks = List.copyOf(callbacks);
    if (!REPORTS.containsAll(reportTo) || reportTo.contains("none") && reportTo.size() > 1) {
      throw new InvalidPlanException("report_to is " + reportTo + "; it must be of " + REPORTS
          + ", none alone. Events for another service reach it through a callback.");
    }
    if (alertSteps < 0) {
      throw new InvalidPlanException("alert_steps is " + alertSteps + "; it must be 0 (never) or more.");
    }
  }

  /** Whether a report is asked for. */
  public boolean reports(String name) {
    return reportTo.contains(name) || reportTo.contains("all");
  }

  HookSettings reportTo(List<String> v) {
    return new HookSettings(v, alertSteps, callbacks, lossType, channelLoss);
  }

  HookSettings alertSteps(int v) {
    return new HookSettings(reportTo, v, callbacks, lossType, channelLoss);
  }

  HookSettings callbacks(List<String> v) {
    return new HookSettings(reportTo, alertSteps, v, lossType, channelLoss);
  }

  HookSettings lossType(@Nullable String v) {
    return new HookSettings(reportTo, alertSteps, callbacks, v, channelLoss);
  }

  HookSettings channelLoss(boolean on) {
    return new HookSettings(reportTo, alertSteps, callbacks, lossType, on);
  }
}
