package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.TEXT;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Arguments about quantising weights when they are loaded. */
final class QuantArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("quant_method", TEXT, "Quantises weights when loading: bnb (NF4, to train adapters on) or swift.",
          s -> s.model().quant().method(),
          (s, v) -> quant(s, ((String) v).toLowerCase(Locale.ROOT), s.model().quant().bits(),
              s.model().quant().doubleQuant())),
      Argument.of("quant_bits", INTEGER, "Bits a weight: 4, or 8 with quant_method swift.",
          s -> s.model().quant().bits() instanceof Integer bits ? (long) bits : null,
          (s, v) -> quant(s, s.model().quant().method(), ModelArguments.toInt("quant_bits", v),
              s.model().quant().doubleQuant())),
      Argument.of("bnb_4bit_quant_type", TEXT, "Codes of bnb: nf4.", s -> s.model().quant().method() == null ? null : "nf4",
          (s, v) -> nf4(s, (String) v)),
      Argument.of("bnb_4bit_use_double_quant", SWITCH, "Scales of bnb are quantised in turn.",
          s -> s.model().quant().doubleQuant(),
          (s, v) -> quant(s, s.model().quant().method(), s.model().quant().bits(), (Boolean) v)));

  private QuantArguments() {}

  private static Settings quant(
      Settings settings, @Nullable String method,
      @Nullable Integer bits, boolean doubleQuant) {
    return settings.model(m -> m.quant(new QuantSettings(method, bits, doubleQuant)));
  }

  private static Settings nf4(Settings settings, String type) {
    if (!type.equals("nf4")) {
      throw new InvalidPlanException("bnb_4bit_quant_type is '" + type + "'; this version has nf4.");
    }
    return settings;
  }
}
