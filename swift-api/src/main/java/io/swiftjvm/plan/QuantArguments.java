package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;

import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** Arguments about quantising weights when they are loaded. */
final class QuantArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("quant_method", TEXT, "Quantises weights when loading: bnb (NF4, to train adapters on) or swift.",
          s -> s.model().quant().method(),
          (s, v) -> quant(s, q -> new QuantSettings(
              ((String) v).toLowerCase(Locale.ROOT), q.bits(), q.type(), q.doubleQuant()))),
      Argument.of("quant_bits", INTEGER, "Bits a weight: 4, or 8 with quant_method swift.",
          s -> s.model().quant().bits() instanceof Integer bits ? (long) bits : null,
          (s, v) -> quant(s, q -> new QuantSettings(
              q.method(), ModelArguments.toInt("quant_bits", v), q.type(), q.doubleQuant()))),
      Argument.of("bnb_4bit_quant_type", TEXT, "Codes of bnb: nf4.", s -> s.model().quant().type(),
          (s, v) -> quant(s, q -> new QuantSettings(q.method(), q.bits(), (String) v, q.doubleQuant()))),
      Argument.of("bnb_4bit_use_double_quant", SWITCH, "Scales of bnb are quantised in turn.",
          s -> s.model().quant().doubleQuant(),
          (s, v) -> quant(s, q -> new QuantSettings(q.method(), q.bits(), q.type(), (Boolean) v))));

  private QuantArguments() {}

  private static Settings quant(Settings settings, UnaryOperator<QuantSettings> change) {
    return settings.model(m -> m.quant(change.apply(m.quant())));
  }
}
