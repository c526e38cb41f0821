package io.swiftjvm.cli;

import io.swiftjvm.plan.Settings;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One call of a command: where to print, the settings of its plan, and the command's own flags.
 *
 * @param settings defaults, then the file of {@code --config}, then the flags of this call
 * @param given names of the plan arguments that the call or its file set
 * @param flags values of the command's own flags
 */
record Call(PrintStream out, PrintStream err, Settings settings, List<String> given, Map<String, String> flags) {
  Optional<String> flag(String name) {
    return Optional.ofNullable(flags.get(name));
  }

  String required(String name) {
    return flag(name).orElseThrow(() -> new UsageException("--" + name + " is required"));
  }

  boolean on(String name) {
    String value = flags.get(name);
    if (value == null) {
      return false;
    }
    return switch (value.toLowerCase(java.util.Locale.ROOT)) {
      case "", "true", "1", "yes" -> true;
      case "false", "0", "no" -> false;
      default -> throw new UsageException("--" + name + " takes true or false, got '" + value + "'");
    };
  }
}
