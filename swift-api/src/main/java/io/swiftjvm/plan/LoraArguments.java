package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.MAP;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTargets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Arguments that choose single modules of LoRA, under PEFT's names. */
final class LoraArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("exclude_modules", TEXTS, "Projections left out, by name.",
          get(l -> l.targets().exclude()), (s, v) -> targets(s, "exclude_modules", t -> t.exclude(array(v)))),
      Argument.of("layers_to_transform", TEXTS, "Only these layers, by number.",
          get(l -> l.targets().layers()),
          (s, v) -> targets(s, "layers_to_transform", t -> t.layers(numbers("layers_to_transform", v)))),
      Argument.of("layers_pattern", TEXT, "Name of the list of layers in module paths, for layers_to_transform.",
          get(l -> l.targets().layersPattern()), (s, v) -> targets(s, "layers_pattern",
              t -> new LoraTargets(t.modules(), t.regex(), t.exclude(), t.layers(), (String) v))),
      Argument.of("rank_pattern", MAP, "Ranks by pattern for module names, as JSON.", get(LoraSpec::rankPattern),
          (s, v) -> TunerArguments.lora(s, "rank_pattern", l -> l.rankPattern(values(v, number -> {
            if (number.doubleValue() != number.intValue()) {
              throw new InvalidPlanException("rank_pattern holds " + number + "; a rank is a whole number.");
            }
            return number.intValue();
          })))),
      Argument.of("alpha_pattern", MAP, "Alphas by pattern for module names, as JSON.", get(LoraSpec::alphaPattern),
          (s, v) -> TunerArguments.lora(s, "alpha_pattern", l -> l.alphaPattern(values(v, Number::doubleValue)))));

  private LoraArguments() {}

  private static Function<Settings, @Nullable Object> get(Function<LoraSpec, @Nullable Object> read) {
    return s -> s.lora() == null ? null : read.apply(s.lora());
  }

  private static Settings targets(Settings s, String name, Function<LoraTargets, LoraTargets> change) {
    return TunerArguments.lora(s, name, l -> l.targets(change::apply));
  }

  private static String[] array(Object value) {
    return strings(value).toArray(String[]::new);
  }

  private static Integer[] numbers(String name, Object value) {
    return integers(name, value).toArray(Integer[]::new);
  }

  /** The whole numbers of a list of texts. */
  static List<Integer> integers(String name, Object value) {
    try {
      return strings(value).stream().map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new InvalidPlanException("--" + name + " takes whole numbers, got " + value + ".");
    }
  }

  private static <T> Map<String, T> values(Object value, Function<Number, T> convert) {
    Map<String, T> out = new LinkedHashMap<>();
    ((Map<?, ?>) value).forEach((name, item) -> {
      if (!(item instanceof Number number)) {
        throw new InvalidPlanException("the pattern '" + name + "' has '" + item + "'; it must be a number.");
      }
      out.put(String.valueOf(name), convert.apply(number));
    });
    return out;
  }
}
