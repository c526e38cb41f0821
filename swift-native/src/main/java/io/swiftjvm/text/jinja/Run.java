package io.swiftjvm.text.jinja;

import java.time.Clock;

/** One rendering: its limits, its output and the clock of {@code strftime_now}. */
final class Run {
  private final Budget budget;
  private final Output output;
  private final Clock clock;

  Run(Limits limits, Clock clock) {
    this.budget = new Budget(limits);
    this.output = new Output(budget);
    this.clock = clock;
  }

  Budget budget() {
    return budget;
  }

  Output output() {
    return output;
  }

  Clock clock() {
    return clock;
  }

  Object call(Object function, Arguments arguments) {
    return switch (function) {
      case Callable callable -> callable.call(this, arguments);
      case Undefined undefined -> throw undefined.fail();
      default -> throw new JinjaError("'" + Types.name(function) + "' object is not callable");
    };
  }

  /** Calls a method of a value by name. */
  static Object method(Run run, Object self, String name, Arguments arguments) {
    return run.call(Access.attribute(self, name), arguments);
  }
}
