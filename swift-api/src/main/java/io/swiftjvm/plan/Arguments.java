package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one table of settings under ms-swift's names: command line, YAML, JSON and {@code Recipe.with} all go through it, so
 * a line copied from ms-swift's documentation means the same here.
 */
public final class Arguments {
  private static final List<Argument> ALL =
      Stream.of(ModelArguments.LIST, DataArguments.LIST, TunerArguments.LIST, OptimArguments.LIST,
          TrainArguments.LIST, SamplingArguments.LIST).flatMap(List::stream).toList();
  private static final Map<String, Argument> BY_NAME = index();
  private static final Set<String> DECIDING = Set.of("tuner_type", "optim", "use_galore");

  private Arguments() {}

  /** All arguments, in the order of a plan file. */
  public static List<Argument> all() {
    return ALL;
  }

  /** The argument of a name or alias; {@code -} and {@code _} are the same. */
  public static Optional<Argument> find(String name) {
    return Optional.ofNullable(BY_NAME.get(name.replace('-', '_')));
  }

  /** The same map under the arguments' own names; names that are no argument stay. */
  public static Map<String, @Nullable Object> canonical(Map<String, @Nullable Object> given) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    given.forEach((name, value) -> out.put(find(name).map(Argument::name).orElse(name), value));
    return out;
  }

  /** Settings with the given values changed; every wrong name and value is told in one exception. */
  public static Settings apply(Settings settings, Map<String, ? extends @Nullable Object> given) {
    List<String> problems = new ArrayList<>();
    Settings current = settings;
    // "lora" before the ranks of lora: these decide what the other arguments change
    List<String> order = new ArrayList<>(given.keySet());
    order.sort((a, b) -> Boolean.compare(!decides(a), !decides(b)));
    for (String name : order) {
      Object value = given.get(name);
      Optional<Argument> argument = find(name);
      if (argument.isEmpty()) {
        problems.add("there is no argument '" + name + "'" + nearest(name));
      } else if (value != null) {
        try {
          current = argument.get().set().apply(current, Values.convert(argument.get(), value));
        } catch (InvalidPlanException e) {
          problems.add(e.getMessage());
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(String.join("\n", problems));
    }
    return current;
  }

  /** The settings as a flat map without what is unset. */
  public static Map<String, Object> flat(Settings settings) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (Argument argument : ALL) {
      Object value = argument.get().apply(settings);
      if (value != null && !(value instanceof List<?> l && l.isEmpty()) && !(value instanceof Map<?, ?> m && m.isEmpty())) {
        out.put(argument.name(), value);
      }
    }
    return out;
  }

  /** {@code " (default X)"} for the help. */
  public static String defaultText(Argument argument) {
    Object value = argument.get().apply(Settings.DEFAULT);
    return value == null || value.toString().equals("[]") || value.toString().equals("{}") ? ""
        : " (default " + value + ")";
  }

  private static boolean decides(String name) {
    return find(name).map(a -> DECIDING.contains(a.name())).orElse(false);
  }

  private static String nearest(String name) {
    String wanted = name.replace('-', '_');
    return BY_NAME.keySet().stream().filter(n -> n.startsWith(wanted) || wanted.startsWith(n)).findFirst()
        .map(n -> "; did you mean '" + n + "'?").orElse(".");
  }

  private static Map<String, Argument> index() {
    Map<String, Argument> index = new LinkedHashMap<>();
    for (Argument argument : ALL) {
      Stream.concat(Stream.of(argument.name()), argument.aliases().stream()).forEach(name -> {
        if (index.put(name, argument) != null) {
          throw new IllegalStateException("two arguments are called " + name);
        }
      });
    }
    return index;
  }
}
