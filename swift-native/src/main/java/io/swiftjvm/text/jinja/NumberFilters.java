package io.swiftjvm.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters that make numbers. */
final class NumberFilters {
  static final Map<String, Filters.Filter> FILTERS = Map.of(
      "int", NumberFilters::integer,
      "float", NumberFilters::real,
      "abs", NumberFilters::abs,
      "round", NumberFilters::round);

  private NumberFilters() {}

  private static Object integer(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("int", "default", "base");
    int base = Math.clamp(args.integer(1, 10), 2, 36);
    Object number = switch (value) {
      case Undefined undefined -> throw undefined.fail();
      case String text -> parsed(Spaces.strip(text).replace("_", ""), base);
      case Double real -> Double.isNaN(real) || Math.abs(real) >= 0x1p63 ? null : (Object) (long) (double) real;
      case Boolean flag -> Types.integer(flag);
      case Number whole -> whole;
      default -> null;
    };
    return number == null ? args.or(0, 0L) : number;
  }

  private static @Nullable Object parsed(String text, int base) {
    try {
      String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "\0";
      return Long.valueOf(text.startsWith(prefix) ? text.substring(2) : text, base);
    } catch (NumberFormatException e) {
      Double real = realOf(text);
      return real == null || real.isNaN() || Math.abs(real) >= 0x1p63 ? null : (Object) (long) (double) real;
    }
  }

  /** Python's {@code float(text)}, null when it refuses. */
  private static @Nullable Double realOf(String text) {
    String clean = Cases.lower(Spaces.strip(text).replace("_", ""));
    String digits = clean.startsWith("-") || clean.startsWith("+") ? clean.substring(1) : clean;
    double sign = clean.startsWith("-") ? -1 : 1;
    switch (digits) {
      case "inf", "infinity" -> {
        return sign * Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> { }
    }
    boolean plain = !digits.isEmpty() && digits.chars().allMatch(c -> (c >= '0' && c <= '9') || ".e+-".indexOf(c) >= 0);
    try {
      return plain ? sign * Double.parseDouble(digits) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static Object real(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("float", "default");
    Double number = switch (value) {
      case Undefined undefined -> throw undefined.fail();
      case String text -> realOf(text);
      default -> Types.isNumber(value) ? (Double) Types.real(value) : null;
    };
    return number == null ? args.or(0, 0.0) : number;
  }

  private static Object abs(Run run, Object value, Arguments arguments) {
    arguments.bind("abs");
    return Types.isNumber(value) && Types.real(value) >= 0 && !(value instanceof Boolean) ? value
        : Arithmetic.sign(Types.isNumber(value) && Types.real(value) < 0, value);
  }

  private static Object round(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("round", "precision", "method");
    int digits = Math.clamp(args.integer(0, 0), -300, 300);
    String method = args.text(1, "common");
    if (value instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (!Types.isNumber(value)) {
      throw new JinjaError("type " + Types.name(value) + " doesn't define __round__ method");
    }
    RoundingMode mode = switch (method) {
      case "common" -> RoundingMode.HALF_EVEN;
      case "ceil" -> RoundingMode.CEILING;
      case "floor" -> RoundingMode.FLOOR;
      default -> throw new JinjaError("method must be common, ceil or floor");
    };
    if (Types.isInteger(value) && mode == RoundingMode.HALF_EVEN && digits >= 0) {
      return Types.integer(value);
    }
    double real = Types.real(value);
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      return real;
    }
    BigDecimal rounded = new BigDecimal(real).setScale(digits, mode);
    boolean whole = Types.isInteger(value) && mode == RoundingMode.HALF_EVEN;
    return whole ? (Object) rounded.longValue() : (Object) rounded.doubleValue();
  }
}
