package io.swiftjvm.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as the format languages of Python write them. */
final class NumberFormat {
  private NumberFormat() {}

  /** {@code precision} below 0 means the default of the kind. */
  static String of(char kind, Object value, int precision, String flags) {
    if (!Types.isNumber(value)) {
      if (value instanceof Undefined undefined) {
        throw undefined.fail();
      }
      throw new JinjaError("%" + kind + " format: a real number is required, not " + Types.name(value));
    }
    String body = switch (kind) {
      case 'd', 'i', 'u' -> Long.toString(Math.abs(whole(value)));
      case 'x' -> Long.toHexString(Math.abs(whole(value)));
      case 'X' -> Long.toHexString(Math.abs(whole(value))).toUpperCase(Locale.ROOT);
      case 'o' -> Long.toOctalString(Math.abs(whole(value)));
      case 'b' -> Long.toBinaryString(Math.abs(whole(value)));
      case 'f', 'F' -> fixed(Math.abs(Types.real(value)), precision < 0 ? 6 : precision);
      case 'e' -> exponent(Math.abs(Types.real(value)), precision < 0 ? 6 : precision);
      default -> throw new JinjaError("unsupported format character '" + kind + "'");
    };
    boolean negative = Types.real(value) < 0;
    return (negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + body;
  }

  private static long whole(Object value) {
    return value instanceof Double number ? (long) (double) number : Types.integer(value);
  }

  static String fixed(double value, int digits) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return FloatText.of(value);
    }
    return new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String exponent(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "e", value);
  }

  /** {@code align} is one of {@code < > ^}; zeros go between the sign and the digits. */
  static String pad(String body, int width, char align, char fill) {
    int missing = width - Texts.length(body);
    if (missing <= 0) {
      return body;
    }
    String filler = Character.toString(fill).repeat(missing);
    if (fill == '0' && align == '>') {
      int sign = !body.isEmpty() && "+- ".indexOf(body.charAt(0)) >= 0 ? 1 : 0;
      return body.substring(0, sign) + filler + body.substring(sign);
    }
    return switch (align) {
      case '<' -> body + filler;
      case '^' -> filler.substring(0, missing / 2) + body + filler.substring(missing / 2);
      default -> filler + body;
    };
  }
}
