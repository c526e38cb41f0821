package io.swiftjvm.tuner.method;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.LlamaProSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.TunerMethod;
import io.swiftjvm.tuner.Tuning;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every method that a plan can name.
 *
 * {@snippet :
 * Tuning vera = TunerMethods.start("vera");
 * String name = TunerMethods.of(vera).name();
 * }
 */
public final class TunerMethods {
  private static final List<TunerMethod<?>> ALL = List.of(LoraSpec.METHOD, FullSpec.METHOD, LlamaProSpec.METHOD, AdaLoraSpec.METHOD, AdapterSpec.METHOD, BoftSpec.METHOD, C3aSpec.METHOD, DeloraSpec.METHOD,
      DoraSpec.METHOD, FourierFtSpec.METHOD, GraloraSpec.METHOD, HraSpec.METHOD,
      Ia3Spec.METHOD, LnTuningSpec.METHOD, LohaSpec.METHOD, LokrSpec.METHOD,
      MissSpec.METHOD, OftSpec.METHOD, PTuningSpec.METHOD, PrefixTuningSpec.METHOD,
      PromptTuningSpec.METHOD, RandLoraSpec.METHOD, ReftSpec.METHOD, RoadSpec.METHOD, ShiraSpec.METHOD,
      TrainableTokensSpec.METHOD, VbLoraSpec.METHOD, VeraSpec.METHOD, XLoraSpec.METHOD);

  /** What ms-swift has and this version has not, with the reason and the way around. */
  private static final Map<String, String> ABSENT = Map.of(
      "lora_llm", "trains the part of a model that sees pictures; this version has language models. Use lora.",
      "unsloth", "is a loader of its own. Use lora.");

  private TunerMethods() {}

  /** All of them, LoRA and full tuning first. */
  public static List<TunerMethod<?>> all() {
    return ALL;
  }

  /** The method of some settings. */
  public static TunerMethod<?> of(Tuning tuning) {
    return ALL.stream().filter(method -> method.covers(tuning)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no method has settings like " + tuning));
  }

  /** The settings that a {@code tuner_type} starts from; {@link InvalidPlanException} lists those that exist. */
  public static Tuning start(String tuner) {
    String name = tuner.toLowerCase(Locale.ROOT);
    for (TunerMethod<?> method : ALL) {
      Tuning start = method.start(name);
      if (start != null) {
        return start;
      }
    }
    if (ABSENT.containsKey(name)) {
      throw new InvalidPlanException("tuner_type is '" + tuner + "', which " + ABSENT.get(name));
    }
    throw new InvalidPlanException("tuner_type is '" + tuner + "'; there are " + String.join(", ", ALL.stream()
        .flatMap(method -> Stream.concat(Stream.of(method.name()), method.aliases().stream())).toList()) + ".");
  }
}
