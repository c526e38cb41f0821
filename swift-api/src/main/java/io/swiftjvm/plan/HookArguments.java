package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import java.util.List;

/** Arguments about what watches and extends a training. */
final class HookArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("report_to", TEXTS, "Beside logging.jsonl: tensorboard (in runs/), html (report.html), all, none.",
          s -> s.hooks().reportTo(), (s, v) -> s.hooks(h -> h.reportTo(strings(v)))),
      Argument.of("alert_steps", INTEGER, "Warn when the loss has not fallen for so many steps; 0 = never.",
          s -> s.hooks().alertSteps(), (s, v) -> s.hooks(h -> h.alertSteps(toInt("alert_steps", v)))),
      Argument.of("callbacks", TEXTS, "Names of registered io.swiftjvm.train.Callback services.",
          s -> s.hooks().callbacks(), (s, v) -> s.hooks(h -> h.callbacks(strings(v)))),
      Argument.of("enable_channel_loss", SWITCH, "Log the loss of each channel of the rows as loss_<channel>.",
          s -> s.hooks().channelLoss(), (s, v) -> s.hooks(h -> h.channelLoss((Boolean) v))),
      Argument.of("loss_type", TEXT, "Name of a registered ObjectiveProvider service; unset = the task's own loss.",
          s -> s.hooks().lossType(), (s, v) -> s.hooks(h -> h.lossType((String) v))));

  private HookArguments() {}
}
