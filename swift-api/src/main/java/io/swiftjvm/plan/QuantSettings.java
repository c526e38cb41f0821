package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.quant.QuantSpec.Format;
import org.jspecify.annotations.Nullable;

/**
 * How the weights are quantised when they are loaded, under ms-swift's names.
 *
 * @param method {@code bnb} for NF4 as a base to train on, {@code swift} for this library's int8 and int4; null = not
 * @param bits 8 or 4; null = 4
 * @param type codes of bnb: nf4; null = nf4
 * @param doubleQuant NF4's scales are quantised in turn; default true
 * @param groupSize weights that share a scale; null = 64 for bnb, 32 for swift
 * @param zeroPoint groups have zero points; default false
 * @param cache packed weights are kept beside the checkpoint; default false
 */
public record QuantSettings(
    @Nullable String method, @Nullable Integer bits, @Nullable String type, boolean doubleQuant,
    @Nullable Integer groupSize, boolean zeroPoint, boolean cache) {
  static final QuantSettings NONE = new QuantSettings(null, null, null, true, null, false, false);

  /** The settings of a quantisation. */
  public static QuantSettings of(QuantSpec spec) {
    boolean nf4 = spec.format() == Format.NF4;
    return new QuantSettings(nf4 ? "bnb" : "swift", spec.format() == Format.INT8 ? 8 : 4, null, nf4 ? spec.doubleQuant() : true,
        nf4 ? null : (Integer) spec.group(), spec.zeroPoint(), spec.cached());
  }

  /** What is done to the weights; null = nothing. */
  public @Nullable QuantSpec spec() {
    if (method == null) {
      if (bits != null || groupSize != null || zeroPoint || cache) {
        throw new InvalidPlanException("quant_bits, group_size, zero_point or quant_cache is set without quant_method; add"
            + " bnb or swift.");
      }
      return null;
    }
    if (type != null && !type.equals("nf4")) {
      throw new InvalidPlanException("bnb_4bit_quant_type is '" + type + "'; this version has nf4.");
    }
    int wanted = bits == null ? 4 : bits;
    QuantSpec spec = switch (method + wanted) {
      case "bnb4" -> QuantSpec.nf4().doubleQuant(doubleQuant);
      case "swift8" -> QuantSpec.int8();
      case "swift4" -> QuantSpec.int4();
      default -> throw new InvalidPlanException("quant_method " + method + " with quant_bits " + wanted
          + " is not there; this version has bnb with 4 and swift with 8 or 4.");
    };
    return new QuantSpec(
        spec.format(), groupSize == null ? spec.group() : groupSize, zeroPoint, spec.doubleQuant(), cache);
  }

  QuantSettings method(String value) {
    return new QuantSettings(value, bits, type, doubleQuant, groupSize, zeroPoint, cache);
  }

  QuantSettings bits(int value) {
    return new QuantSettings(method, value, type, doubleQuant, groupSize, zeroPoint, cache);
  }

  QuantSettings type(String value) {
    return new QuantSettings(method, bits, value, doubleQuant, groupSize, zeroPoint, cache);
  }

  QuantSettings doubleQuant(boolean value) {
    return new QuantSettings(method, bits, type, value, groupSize, zeroPoint, cache);
  }

  QuantSettings groupSize(int value) {
    return new QuantSettings(method, bits, type, doubleQuant, value, zeroPoint, cache);
  }

  QuantSettings zeroPoint(boolean value) {
    return new QuantSettings(method, bits, type, doubleQuant, groupSize, value, cache);
  }

  QuantSettings cache(boolean value) {
    return new QuantSettings(method, bits, type, doubleQuant, groupSize, zeroPoint, value);
  }
}
