package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTargets;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Arguments about what is learnt. */
final class TunerArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("tuner_type", TEXT, "lora or full.",
          s -> s.lora() == null ? "full" : "lora", (s, v) -> tuner(s, (String) v), "train_type", "sft_type"),
      Argument.of("lora_rank", INTEGER, "Rank of A and B.",
          get(LoraSpec::rank), (s, v) -> lora(s, "lora_rank", l -> l.rank(toInt("lora_rank", v)))),
      Argument.of("lora_alpha", NUMBER, "The update is scaled by alpha/rank.",
          get(LoraSpec::alpha), (s, v) -> lora(s, "lora_alpha", l -> l.alpha((Double) v))),
      Argument.of("lora_dropout", NUMBER, "Share of the adapter's inputs zeroed in training.",
          get(LoraSpec::dropout), (s, v) -> lora(s, "lora_dropout", l -> l.dropout((Double) v))),
      Argument.of("target_modules", TEXTS, "Projections by name, or all-linear.",
          get(l -> l.targets().regex() == null ? l.targets().modules() : null),
          (s, v) -> lora(s, "target_modules", l -> l.targets(t -> named(t, strings(v), null)))),
      Argument.of("target_regex", TEXT, "A pattern for whole module paths, instead of target_modules.",
          get(l -> l.targets().regex()),
          (s, v) -> lora(s, "target_regex", l -> l.targets(t -> named(t, List.of(), (String) v)))),
      Argument.of("use_rslora", SWITCH, "Scale by alpha/sqrt(rank).",
          get(LoraSpec::rsLora), (s, v) -> lora(s, "use_rslora", l -> l.rsLora((Boolean) v))),
      Argument.of("use_dora", SWITCH, "Not in this version.",
          s -> null, (s, v) -> refuse(s, "use_dora", (Boolean) v)),
      Argument.of("lorap_lr_ratio", NUMBER, "Learning rate of B over that of A (LoRA+).",
          get(LoraSpec::loraPlusRatio), (s, v) -> lora(s, "lorap_lr_ratio", l -> l.loraPlusRatio((Double) v))),
      Argument.of("init_weights", TEXT, "Start: true (kaiming_uniform), gaussian, pissa or olora.",
          get(l -> l.init() == LoraInit.KAIMING_UNIFORM ? "true" : l.init().name().toLowerCase(Locale.ROOT)),
          (s, v) -> lora(s, "init_weights", l -> l.init(init((String) v)))),
      Argument.of("lora_bias", TEXT, "none; training biases is not in this version.",
          s -> s.lora() == null ? null : "none", (s, v) -> refuse(s, "lora_bias " + v, !v.equals("none"))));

  private TunerArguments() {}

  private static Function<Settings, @Nullable Object> get(Function<LoraSpec, @Nullable Object> read) {
    return s -> s.lora() == null ? null : read.apply(s.lora());
  }

  private static Settings tuner(Settings s, String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "lora" -> s.lora() == null ? s.lora(LoraSpec.DEFAULT) : s;
      case "full" -> s.lora(null);
      default -> throw new InvalidPlanException("tuner_type is '" + name + "'; this version has lora and full.");
    };
  }

  static Settings lora(Settings s, String name, UnaryOperator<LoraSpec> change) {
    LoraSpec spec = s.lora();
    if (spec == null) {
      throw new InvalidPlanException(name + " was given with tuner_type full. Leave it out, or use tuner_type lora.");
    }
    return s.lora(change.apply(spec));
  }

  private static LoraTargets named(LoraTargets t, List<String> modules, @Nullable String regex) {
    return new LoraTargets(modules, regex, t.exclude(), t.layers(), t.layersPattern());
  }

  private static Settings refuse(Settings s, String what, boolean asked) {
    if (asked) {
      throw new InvalidPlanException(what + " is not in this version; leave it out.");
    }
    return s;
  }

  private static LoraInit init(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "true", "kaiming_uniform" -> LoraInit.KAIMING_UNIFORM;
      case "gaussian" -> LoraInit.GAUSSIAN;
      case "pissa" -> LoraInit.PISSA;
      case "olora" -> LoraInit.OLORA;
      default -> throw new InvalidPlanException(
          "init_weights is '" + name + "'; this version has true (kaiming_uniform), gaussian, pissa and olora.");
    };
  }
}
