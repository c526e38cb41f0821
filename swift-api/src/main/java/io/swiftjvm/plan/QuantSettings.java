package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.quant.Quantisation;
import org.jspecify.annotations.Nullable;

/**
 * How the weights are quantised when they are loaded, under ms-swift's names.
 *
 * @param method {@code bnb} for NF4 as a base to train on, {@code swift} for this library's int8 and int4; null = not
 * @param bits 8 or 4; null = 4
 * @param type codes of bnb: nf4; null = nf4
 * @param doubleQuant NF4's scales are quantised in turn; default true
 */
public record QuantSettings(
    @Nullable String method, @Nullable Integer bits, @Nullable String type, boolean doubleQuant) {
  /** Without a type of codes. */
  public QuantSettings(@Nullable String method, @Nullable Integer bits, boolean doubleQuant) {
    this(method, bits, null, doubleQuant);
  }

  static final QuantSettings NONE = new QuantSettings(null, null, true);

  /** The settings of a quantisation. */
  public static QuantSettings of(Quantisation quantisation) {
    return switch (quantisation) {
      case INT8 -> new QuantSettings("swift", 8, true);
      case INT4 -> new QuantSettings("swift", 4, true);
      case NF4 -> new QuantSettings("bnb", 4, true);
      case NF4_SINGLE -> new QuantSettings("bnb", 4, false);
    };
  }

  /** What is done to the weights; null = nothing. */
  public @Nullable Quantisation quantisation() {
    if (method == null) {
      if (bits != null) {
        throw new InvalidPlanException("quant_bits is " + bits + " without quant_method; add bnb or swift.");
      }
      return null;
    }
    if (type != null && !type.equals("nf4")) {
      throw new InvalidPlanException("bnb_4bit_quant_type is '" + type + "'; this version has nf4.");
    }
    int wanted = bits == null ? 4 : bits;
    return switch (method + wanted) {
      case "bnb4" -> doubleQuant ? Quantisation.NF4 : Quantisation.NF4_SINGLE;
      case "swift8" -> Quantisation.INT8;
      case "swift4" -> Quantisation.INT4;
      default -> throw new InvalidPlanException("quant_method " + method + " with quant_bits " + wanted
          + " is not there; this version has bnb with 4 and swift with 8 or 4.");
    };
  }
}
