package io.swiftjvm.bench;

import io.swiftjvm.quant.QuantSpec;

/** Names of weight formats on command lines: {@code int8}, {@code int4}, {@code int4:64}, {@code int4:128z}, {@code nf4}. */
final class WeightFormats {
  private WeightFormats() {}

  static QuantSpec of(String name) {
    String[] parts = name.split(":", 2);
    QuantSpec spec = switch (parts[0]) {
      case "int8" -> QuantSpec.int8();
      case "int4" -> QuantSpec.int4();
      case "nf4" -> QuantSpec.nf4();
      default -> throw new IllegalArgumentException("formats are int8, int4 and nf4, got " + name);
    };
    if (parts.length == 1) {
      return spec;
    }
    boolean zero = parts[1].endsWith("z");
    return spec.group(Integer.parseInt(zero ? parts[1].substring(0, parts[1].length() - 1) : parts[1])).zeroPoint(zero);
  }
}
