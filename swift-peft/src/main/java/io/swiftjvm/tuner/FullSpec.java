package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.ModelShapes;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Full tuning: weights of the model itself are trained. First everything is trained, then what {@code freeze},
 * {@code freezeRegex} and {@code freezeRatio} name is not, then what {@code train} and {@code trainRegex} name is again.
 *
 * {@snippet :
 * FullSpec upperHalf = FullSpec.DEFAULT.freezeRatio(0.5);
 * FullSpec norms = FullSpec.DEFAULT.freezeRatio(1).trainRegex("norm");
 * }
 *
 * @param freeze starts of names of parameters that stay; none as in ms-swift
 * @param freezeRegex a pattern found in names of parameters that stay; null as in ms-swift
 * @param freezeRatio this share of all values stays, from the token table upwards in whole tensors, 0 to 1; 0 as in
 *     ms-swift
 * @param train starts of names that are trained in any case; none as in ms-swift
 * @param trainRegex a pattern found in names that are trained in any case; null as in ms-swift
 * @param lisaLayers only so many layers, drawn anew, learn at a time, beside what is in no layer (LISA, arXiv
 *     2403.17919); 0 = all of them, as in ms-swift
 * @param lisaInterval they are drawn every so many steps; 20 as in ms-swift
 */
public record FullSpec(
    List<String> freeze, @Nullable String freezeRegex, double freezeRatio, List<String> train,
    @Nullable String trainRegex, int lisaLayers, int lisaInterval) implements Tuning {
  /** Every parameter. */
  public static final FullSpec DEFAULT = new FullSpec(List.of(), null, 0, List.of(), null, 0, 20);

  /** The flags of {@code --tuner_type full}. */
  public static final TunerMethod<FullSpec> METHOD = TunerMethod.of("full", DEFAULT)
      .texts("freeze_parameters", "Starts of names of parameters that are not trained.",
          FullSpec::freeze, FullSpec::freeze)
      .text("freeze_parameters_regex", "A pattern in names of parameters that are not trained.",
          FullSpec::freezeRegex, FullSpec::freezeRegex)
      .number("freeze_parameters_ratio", "Share of all values that is not trained, from the token table upwards.",
          FullSpec::freezeRatio, FullSpec::freezeRatio)
      .texts("trainable_parameters", "Starts of names that are trained in any case.", FullSpec::train, FullSpec::train)
      .text("trainable_parameters_regex", "A pattern in names that are trained in any case.",
          FullSpec::trainRegex, FullSpec::trainRegex)
      .integer("lisa_activated_layers", "Only so many layers learn at a time, drawn anew (LISA); 0 = all.",
          FullSpec::lisaLayers, FullSpec::lisaLayers)
      .integer("lisa_step_interval", "They are drawn every so many steps.",
          FullSpec::lisaInterval, FullSpec::lisaInterval);

  public FullSpec {
    freeze = List.copyOf(freeze);
    train = List.copyOf(train);
    if (!(freezeRatio >= 0 && freezeRatio <= 1)) {
      throw new InvalidPlanException("freeze_parameters_ratio is " + freezeRatio + "; it must be 0 to 1.");
    }
    if (lisaLayers < 0 || lisaInterval < 1) {
      throw new InvalidPlanException("lisa_activated_layers is " + lisaLayers + " and lisa_step_interval " + lisaInterval
          + "; the first must be 0 or more, the second 1 or more.");
    }
    if (freezeRegex != null) {
      LoraTargets.compile(freezeRegex);
    }
    if (trainRegex != null) {
      LoraTargets.compile(trainRegex);
    }
  }

  /** Sets the starts of names that stay. Default: none. */
  public FullSpec freeze(List<String> value) {
    return new FullSpec(value, freezeRegex, freezeRatio, train, trainRegex, lisaLayers, lisaInterval);
  }

  /** Sets a pattern of names that stay. Default: none. */
  public FullSpec freezeRegex(@Nullable String value) {
    return new FullSpec(freeze, value, freezeRatio, train, trainRegex, lisaLayers, lisaInterval);
  }

  /** Sets the share of all values that stays, from the token table upwards. Default: 0. Legal: 0 .. 1. */
  public FullSpec freezeRatio(double value) {
    return new FullSpec(freeze, freezeRegex, value, train, trainRegex, lisaLayers, lisaInterval);
  }

  /** Sets the starts of names that are trained in any case. Default: none. */
  public FullSpec train(List<String> value) {
    return new FullSpec(freeze, freezeRegex, freezeRatio, value, trainRegex, lisaLayers, lisaInterval);
  }

  /** Sets a pattern of names that are trained in any case. Default: none. */
  public FullSpec trainRegex(@Nullable String value) {
    return new FullSpec(freeze, freezeRegex, freezeRatio, train, value, lisaLayers, lisaInterval);
  }

  /** Sets how many layers learn at a time. Default: 0, all of them. */
  public FullSpec lisaLayers(int value) {
    return new FullSpec(freeze, freezeRegex, freezeRatio, train, trainRegex, value, lisaInterval);
  }

  /** Sets after how many steps they are drawn anew. Default: 20. Legal: 1 or more. */
  public FullSpec lisaInterval(int value) {
    return new FullSpec(freeze, freezeRegex, freezeRatio, train, trainRegex, lisaLayers, value);
  }

  @Override
  public boolean full() {
    return true;
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    if (lisaLayers > shapes.config().layerCount()) {
      throw new InvalidPlanException("lisa_activated_layers is " + lisaLayers + "; the model has "
          + shapes.config().layerCount() + " layers.");
    }
    Map<String, long[]> trained = new LinkedHashMap<>(shapes.parameters());
    trained.keySet().retainAll(chosen(shapes.parameters()));
    return trained;
  }

  /** Under LISA what is in no layer, and the largest layers, of which so many learn. */
  @Override
  public Map<String, long[]> learning(ModelShapes shapes) {
    Map<String, long[]> learning = trained(shapes);
    if (lisaLayers > 0) {
      Map<Integer, Long> sizes = new TreeMap<>();
      learning.forEach((name, shape) -> sizes.merge(LlamaProSpec.layer(name), ModelShapes.values(shape), Long::sum));
      sizes.remove(-1);
      Set<Integer> largest = sizes.entrySet().stream()
          .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed()).limit(lisaLayers).map(Map.Entry::getKey)
          .collect(Collectors.toSet());
      learning.keySet().removeIf(name -> LlamaProSpec.layer(name) >= 0 && !largest.contains(LlamaProSpec.layer(name)));
    }
    return learning;
  }

  /**
   * The names that are trained of a model's parameters, which are in its order; {@link InvalidPlanException} if none is
   * left, or a name or pattern means nothing.
   */
  public Set<String> chosen(Map<String, long[]> parameters) {
    Set<String> names = parameters.keySet();
    Set<String> chosen = new LinkedHashSet<>(names);
    long limit = (long) (freezeRatio * parameters.values().stream().mapToLong(ModelShapes::values).sum());
    long sum = 0;
    for (Map.Entry<String, long[]> entry : parameters.entrySet()) {
      sum += ModelShapes.values(entry.getValue());
      if (freezeRatio > 0 && sum <= limit) {
        chosen.remove(entry.getKey());
      }
    }
    chosen.removeAll(named(names, "freeze_parameters", freeze, freezeRegex));
    Set<String> again = named(names, "trainable_parameters", train, trainRegex);
    Set<String> trained = new LinkedHashSet<>(names);
    trained.removeIf(name -> !chosen.contains(name) && !again.contains(name));
    if (trained.isEmpty()) {
      throw new InvalidPlanException(this + " leaves no parameter to train. Lower freeze_parameters_ratio, or name some "
          + "with trainable_parameters.");
    }
    return trained;
  }

  private static Set<String> named(Set<String> names, String field, List<String> starts, @Nullable String regex) {
    Set<String> found = new LinkedHashSet<>();
    for (String start : starts) {
      if (names.stream().filter(name -> name.startsWith(start)).peek(found::add).count() == 0) {
        throw unknown(field, start, names);
      }
    }
    if (regex != null && names.stream().filter(LoraTargets.compile(regex).asPredicate()).peek(found::add).count() == 0) {
      throw unknown(field + "_regex", regex, names);
    }
    return found;
  }

  private static InvalidPlanException unknown(String field, String value, Set<String> names) {
    return new InvalidPlanException(field + " has '" + value + "', which no parameter is called. They are "
        + String.join(", ", names.stream().limit(6).toList()) + (names.size() > 6 ? ", ..." : "") + ".");
  }
}
