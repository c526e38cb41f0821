package io.swiftjvm.plan;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One setting under its ms-swift name: how to read it from the settings and how to write it into them.
 *
 * @param name the name in plans, YAML files and, with two dashes, on the command line: {@code lora_rank}
 * @param aliases other accepted names
 * @param kind how its text is read
 * @param help one line; the default is shown beside it
 * @param get the current value as plain data, null when unset
 * @param set new settings with the value changed
 */
public record Argument(
    String name, List<String> aliases, Kind kind, String help, Function<Settings, @Nullable Object> get,
    BiFunction<Settings, Object, Settings> set) {

  /** How the text of an argument is read; the value handed to {@link #set} has the type in brackets. */
  public enum Kind {
    /** [String]. */
    TEXT,
    /** [List of String]; several words, or a JSON list. */
    TEXTS,
    /** [Long]. */
    INTEGER,
    /** [Double]. */
    NUMBER,
    /** [Boolean]; a bare flag means true. */
    SWITCH,
    /** [Map of String to Object]; a JSON object. */
    MAP
  }

  static Argument of(
      String name, Kind kind, String help, Function<Settings, @Nullable Object> get,
      BiFunction<Settings, Object, Settings> set, String... aliases) {
    return new Argument(name, List.of(aliases), kind, help, get, set);
  }
}
