package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.rule.LazyGap;
import io.swiftjvm.train.optimizer.rule.Projection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Arguments about how gradients move weights. */
final class OptimArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("optim", TEXT, "By HF or torch name: adamw_torch, sgd, adafactor, lion, muon, adamw_8bit, ...",
          get(OptimSpec::name), set((o, v) -> o.type((String) v))),
      Argument.of("optim_args", TEXT, "What optim takes beyond that: momentum=0.9,nesterov=true.",
          get(o -> o.args().isEmpty() ? null : text(o.args())), set((o, v) -> o.args(settings((String) v)))),
      Argument.of("learning_rate", NUMBER, "Peak rate; unset = 1e-4 for lora, 1e-5 for full.",
          get(OptimSpec::learningRate), set((o, v) -> o.learningRate((Double) v))),
      Argument.of("adam_beta1", NUMBER, "Decay of the mean.",
          get(OptimSpec::beta1), set((o, v) -> o.betas((Double) v, o.beta2()))),
      Argument.of("adam_beta2", NUMBER, "Decay of the square.",
          get(OptimSpec::beta2), set((o, v) -> o.betas(o.beta1(), (Double) v))),
      Argument.of("adam_epsilon", NUMBER, "Added to the denominator.",
          get(OptimSpec::epsilon), set((o, v) -> o.epsilon((Double) v))),
      Argument.of("weight_decay", NUMBER, "Decoupled decay (L2 where optim has it so), not on norms and biases.",
          get(OptimSpec::weightDecay), set((o, v) -> o.weightDecay((Double) v))),
      Argument.of("decay_all", SWITCH, "Decay norms and biases too.",
          get(OptimSpec::decayAll), set((o, v) -> o.decayAll((Boolean) v))),
      Argument.of("max_grad_norm", NUMBER, "Gradients are scaled down to this norm; 0 = off.",
          get(OptimSpec::maxGradNorm), set((o, v) -> o.maxGradNorm((Double) v))),
      Argument.of("use_galore", SWITCH, "AdamW in the space of the gradient's leading vectors.",
          get(o -> o.galore() != null),
          set((o, v) -> o.galore(!(Boolean) v ? null : o.galore() == null ? GaLoreSpec.DEFAULT : o.galore()))),
      galore("galore_target_modules", TEXTS, "Parts of parameter names; unset = every matrix but embeddings and heads.",
          GaLoreSpec::targets, (g, v) -> g.targets(strings(v))),
      galore("galore_rank", INTEGER, "Kept directions.",
          GaLoreSpec::rank, (g, v) -> g.rank(toInt("galore_rank", v))),
      galore("galore_update_proj_gap", INTEGER, "Steps between two decompositions.",
          GaLoreSpec::updateGap, (g, v) -> g.updateGap(toInt("galore_update_proj_gap", v))),
      galore("galore_scale", NUMBER, "Factor of the update.", GaLoreSpec::scale, (g, v) -> g.scale((Double) v)),
      galore("galore_proj_type", TEXT, "Side: std, reverse_std, right, left, full.",
          g -> g.projection().toString(), (g, v) -> g.projection(projection((String) v))),
      galore("galore_quantization", SWITCH, "Q-GaLore: 8-bit moments, and the gap grows.",
          GaLoreSpec::quantized, (g, v) -> g.quantized((Boolean) v)),
      galore("galore_proj_quant", SWITCH, "Pack the vectors in 4 bits.",
          GaLoreSpec::packed, (g, v) -> g.packed((Boolean) v)),
      galore("galore_proj_bits", INTEGER, "4.", g -> 4, (g, v) -> bits(g, (Long) v)),
      galore("galore_proj_group_size", INTEGER, "Packed values that share a scale.",
          GaLoreSpec::group, (g, v) -> g.group(toInt("galore_proj_group_size", v))),
      galore("galore_cos_threshold", NUMBER, "Mean cosine from which the gap grows.", g -> g.lazy().threshold(),
          (g, v) -> g.lazy(new LazyGap((Double) v, g.lazy().growth(), g.lazy().queue()))),
      galore("galore_gamma_proj", NUMBER, "What the gap is multiplied by then.", g -> g.lazy().growth(),
          (g, v) -> g.lazy(new LazyGap(g.lazy().threshold(), (Double) v, g.lazy().queue()))),
      galore("galore_queue_size", INTEGER, "Decompositions in that mean.", g -> g.lazy().queue(), (g, v) -> g.lazy(
          new LazyGap(g.lazy().threshold(), g.lazy().growth(), toInt("galore_queue_size", v)))));

  private OptimArguments() {}

  private static Function<Settings, @Nullable Object> get(Function<OptimSpec, @Nullable Object> read) {
    return s -> read.apply(s.train().optim());
  }

  private static BiFunction<Settings, Object, Settings> set(BiFunction<OptimSpec, Object, OptimSpec> change) {
    return (s, v) -> s.train(t -> t.optim(o -> change.apply(o, v)));
  }

  private static Argument galore(
      String name, Argument.Kind kind, String help, Function<GaLoreSpec, @Nullable Object> read,
      BiFunction<GaLoreSpec, Object, GaLoreSpec> change) {
    return Argument.of(name, kind, help, get(o -> o.galore() instanceof GaLoreSpec g ? read.apply(g) : null),
        set((o, v) -> {
          GaLoreSpec spec = o.galore();
          if (spec == null) {
            throw new InvalidPlanException(
                name + " was given without use_galore. Add --use_galore true, or leave it out.");
          }
          return o.galore(change.apply(spec, v));
        }));
  }

  private static GaLoreSpec bits(GaLoreSpec spec, long bits) {
    if (bits != 4) {
      throw new InvalidPlanException("galore_proj_bits is " + bits + "; this version has 4.");
    }
    return spec;
  }

  private static Projection projection(String name) {
    return Stream.of(Projection.values()).filter(p -> p.toString().equals(name)).findFirst()
        .orElseThrow(() -> new InvalidPlanException("galore_proj_type is '" + name + "'; it must be one of "
            + Stream.of(Projection.values()).map(Projection::toString).collect(Collectors.joining(", ")) + "."));
  }

  private static String text(Map<String, Double> args) {
    return args.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(","));
  }

  private static Map<String, Double> settings(String text) {
    Map<String, Double> out = new LinkedHashMap<>();
    for (String pair : text.split(",", -1)) {
      String[] sides = pair.strip().split("=", 2);
      try {
        out.put(sides[0].strip(), number(sides.length < 2 ? "" : sides[1].strip()));
      } catch (NumberFormatException e) {
        throw new InvalidPlanException(
            "optim_args has '" + pair.strip() + "'; it must be name=number or name=true.", e);
      }
    }
    return out;
  }

  private static double number(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> 1;
      case "false" -> 0;
      default -> Double.parseDouble(text);
    };
  }
}
