package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.TunerMethod;
import io.swiftjvm.tuner.Tuning;
import io.swiftjvm.tuner.method.DoraSpec;
import io.swiftjvm.tuner.method.TunerMethods;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Arguments about what is learnt: the method, and the settings that it declares itself. */
final class TunerArguments {
  static final List<Argument> LIST = list();

  private TunerArguments() {}

  private static List<Argument> list() {
    List<Argument> all = new ArrayList<>();
    all.add(Argument.of("tuner_type", TEXT, "What is trained: " + TunerMethods.all().stream()
        .map(TunerMethod::name).filter(name -> !name.equals(DoraSpec.NAME)).collect(Collectors.joining(", ")) + ".",
        s -> name(s.tuner()), (s, v) -> s.tuner(tuner(s.tuner(), (String) v)), "train_type", "sft_type"));
    Map<String, List<TunerMethod<?>>> owners = new LinkedHashMap<>();
    Map<String, TunerMethod.Setting> settings = new LinkedHashMap<>();
    for (TunerMethod<?> method : TunerMethods.all()) {
      for (TunerMethod.Setting setting : method.settings()) {
        owners.computeIfAbsent(setting.name(), name -> new ArrayList<>()).add(method);
        settings.putIfAbsent(setting.name(), setting);
      }
    }
    settings.forEach((name, setting) -> all.add(Argument.of(name, Argument.Kind.valueOf(setting.kind().name()),
        help(setting, owners.getOrDefault(name, List.of())), s -> get(s.tuner(), name),
        (s, v) -> s.tuner(set(s.tuner(), name, v)))));
    all.add(Argument.of("use_dora", SWITCH, "Weight as magnitude times direction (DoRA).",
        s -> s.tuner() instanceof DoraSpec || s.tuner() instanceof LoraSpec ? s.tuner() instanceof DoraSpec : null,
        (s, v) -> s.tuner(dora(s.tuner(), (Boolean) v))));
    return List.copyOf(all);
  }

  /** DoRA is a switch of LoRA in ms-swift. */
  static String name(Tuning tuning) {
    return tuning instanceof DoraSpec ? LoraSpec.METHOD.name() : TunerMethods.of(tuning).name();
  }

  private static Tuning tuner(Tuning now, String name) {
    return name.toLowerCase(Locale.ROOT).equals(name(now)) ? now : TunerMethods.start(name);
  }

  private static String help(TunerMethod.Setting setting, List<TunerMethod<?>> owners) {
    if (owners.contains(LoraSpec.METHOD) || owners.contains(io.swiftjvm.tuner.FullSpec.METHOD)) {
      return setting.help();
    }
    return setting.help() + " (" + owners.stream().map(owner -> {
      Object value = get(TunerMethods.start(owner.name()), setting.name());
      return owner.name() + (value == null || value.toString().equals("[]") ? "" : " " + value);
    }).collect(Collectors.joining(", ")) + ")";
  }

  private static Optional<TunerMethod.Setting> setting(Tuning tuning, String name) {
    return TunerMethods.of(tuning).settings().stream().filter(setting -> setting.name().equals(name)).findFirst();
  }

  private static @Nullable Object get(Tuning tuning, String name) {
    return setting(tuning, name).map(setting -> setting.get().apply(tuning)).orElse(null);
  }

  private static Tuning set(Tuning tuning, String name, Object value) {
    return setting(tuning, name).orElseThrow(() -> refusal(tuning, name)).set().apply(tuning, value);
  }

  private static InvalidPlanException refusal(Tuning tuning, String name) {
    TreeSet<String> owners = TunerMethods.all().stream().filter(method -> method.settings().stream()
        .anyMatch(setting -> setting.name().equals(name))).map(TunerMethod::name)
        .collect(Collectors.toCollection(TreeSet::new));
    owners.remove(DoraSpec.NAME);
    return new InvalidPlanException(name + " was given with tuner_type " + name(tuning)
        + ". Leave it out, or use tuner_type " + String.join(" or ", owners) + ".");
  }

  private static Tuning dora(Tuning tuning, boolean on) {
    return switch (tuning) {
      case LoraSpec lora -> on ? new DoraSpec(lora) : lora;
      case DoraSpec dora -> on ? dora : dora.lora();
      default -> {
        if (on) {
          throw new InvalidPlanException("use_dora was given with tuner_type " + name(tuning)
              + ". Leave it out, or use tuner_type lora.");
        }
        yield tuning;
      }
    };
  }
}
