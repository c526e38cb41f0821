package io.swiftjvm.cli;

import java.util.List;

/** One command of the command line, a file each. */
interface Command {
  /** The word after {@code swift}. */
  String name();

  /** One line for the help. */
  String summary();

  /** Flags of this command alone; every command also takes all arguments of a plan. */
  default List<Flag> flags() {
    return List.of();
  }

  /** Does the work; a typed exception becomes exit code 3. */
  int run(Call call);

  /**
   * A flag that is no argument of a plan.
   *
   * @param name without dashes
   * @param takesValue false for a bare switch, which may still be given true or false
   */
  record Flag(String name, boolean takesValue, String help) {
    static Flag value(String name, String help) {
      return new Flag(name, true, help);
    }

    static Flag bare(String name, String help) {
      return new Flag(name, false, help);
    }
  }
}
