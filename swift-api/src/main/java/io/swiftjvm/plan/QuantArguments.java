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
          s -> s.model().quant().method(), (s, v) -> quant(s, q -> q.method(((String) v).toLowerCase(Locale.ROOT)))),
      Argument.of("quant_bits", INTEGER, "Bits a weight: 4, or 8 with quant_method swift.",
          s -> s.model().quant().bits() instanceof Integer bits ? (long) bits : null,
          (s, v) -> quant(s, q -> q.bits(ModelArguments.toInt("quant_bits", v)))),
      Argument.of("bnb_4bit_quant_type", TEXT, "Codes of bnb: nf4.", s -> s.model().quant().type(),
          (s, v) -> quant(s, q -> q.type((String) v))),
      Argument.of("bnb_4bit_use_double_quant", SWITCH, "Scales of bnb are quantised in turn.",
          s -> s.model().quant().doubleQuant(), (s, v) -> quant(s, q -> q.doubleQuant((Boolean) v))),
      Argument.of("group_size", INTEGER, "Weights that share a scale with quant_method swift: 32, 64 or 128.",
          s -> s.model().quant().groupSize() instanceof Integer size ? (long) size : null,
          (s, v) -> quant(s, q -> q.groupSize(ModelArguments.toInt("group_size", v)))),
      Argument.of("zero_point", SWITCH, "Groups of quant_method swift have a zero point beside their scale.",
          s -> s.model().quant().zeroPoint(), (s, v) -> quant(s, q -> q.zeroPoint((Boolean) v))),
      Argument.of("quant_cache", SWITCH, "Keeps the packed weights in .swift beside the checkpoint, for the next start.",
          s -> s.model().quant().cache(), (s, v) -> quant(s, q -> q.cache((Boolean) v))));

  private QuantArguments() {}

  private static Settings quant(Settings settings, UnaryOperator<QuantSettings> change) {
    return settings.model(m -> m.quant(change.apply(m.quant())));
  }
}
