package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one table of settings under ms-swift's names: command line, YAML, JSON and {@code Recipe.with} all go through
 * it, so
 * a line copied from ms-swift's documentation means the same here.
 */
public final class Arguments {
  private static final List<Argument> ALL =
      Stream.of(ModelArguments.LIST, QuantArguments.LIST, DataArguments.LIST, TunerArguments.LIST, OptimArguments.LIST,
          TrainArguments.LIST, HeadArguments.LIST, CheckpointArguments.LIST, HookArguments.LIST, SamplingArguments.LIST).flatMap(List::stream).toList();
  private static final Map<String, Argument> BY_NAME = index();
  private static final String CURVE = "lr_scheduler_type";
  private static final String CURVE_SETTINGS = "lr_scheduler_kwargs";
  // These decide what the other arguments change, so they are taken first.
  private static final List<String> DECIDING = List.of("num_labels", "task_type", "tuner_type", "use_dora", "optim", "use_galore");

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
  public static Map<String, @Nullable Object> canonical(Map<String, ? extends @Nullable Object> given) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    given.forEach((name, value) -> {
      String own = find(name).map(Argument::name).orElse(name);
      if (out.containsKey(own)) {
        throw new InvalidPlanException(own + " is given twice, the second time as '" + name + "'; use one of them.");
      }
      out.put(own, value);
    });
    return out;
  }

  /** Settings with the given values changed; every wrong name and value is told in one exception. */
  public static Settings apply(Settings settings, Map<String, ? extends @Nullable Object> given) {
    List<String> problems = new ArrayList<>();
    Settings current = settings;
    Map<String, @Nullable Object> left = canonical(given);
    if (left.get("gpu_ids") != null && left.get("device") != null) {
      problems.add("gpu_ids and device are both given; use one of them.");
    }
    if (left.get("target_modules") != null && left.get("target_regex") != null) {
      problems.add("target_modules and target_regex are both given; use one of them.");
    }
    for (String name : DECIDING) {
      current = take(name, left, current, problems);
    }
    Object curve = left.get(CURVE);
    Object ofCurve = left.get(CURVE_SETTINGS);
    if (curve != null && ofCurve != null) {
      left.keySet().removeAll(Set.of(CURVE, CURVE_SETTINGS));
      current = tried(CURVE, current, problems, s ->
          TrainArguments.curve(s, Values.convert(own(CURVE), curve), Values.convert(own(CURVE_SETTINGS), ofCurve)));
    }
    for (String name : List.copyOf(left.keySet())) {
      current = take(name, left, current, problems);
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(String.join("\n", problems));
    }
    return current;
  }

  private static Argument own(String name) {
    return find(name).orElseThrow();
  }

  private static Settings take(
      String name, Map<String, @Nullable Object> left, Settings settings, List<String> problems) {
    boolean given = left.containsKey(name);
    Object value = left.remove(name);
    Argument argument = BY_NAME.get(name);
    if (argument != null && value != null) {
      return tried(name, settings, problems, s -> argument.set().apply(s, Values.convert(argument, value)));
    }
    if (argument == null && given) {
      problems.add("there is no argument '" + name + "'." + Nearest.hint(name.replace('-', '_'), BY_NAME.keySet()));
    }
    return settings;
  }

  private static Settings tried(
      String name, Settings settings, List<String> problems, UnaryOperator<Settings> change) {
    try {
      return change.apply(settings);
    } catch (InvalidPlanException | InvalidPathException e) {
      String problem = String.valueOf(e.getMessage());
      problems.add(problem.contains(name) ? problem : "--" + name + ": " + problem);
      return settings;
    }
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
