package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers between bounds, compared digit by digit as text: without exponents, few enough digits for a double. */
final class NumberSchema {
  private static final Node DIGIT = Node.chars(CodePoints.DIGITS);
  private static final Node LEADING = Node.chars(CodePoints.of('1', '9'));
  private static final int WHOLE_DIGITS = 10;
  private static final int FRACTION_DIGITS = 4;
  private static final int MOST_DIGITS = 40;

  private final SchemaReader reader;
  private final JsonNode schema;
  private final String path;
  private final boolean integer;

  private NumberSchema(SchemaReader reader, JsonNode schema, String path, boolean integer) {
    this.reader = reader;
    this.schema = schema;
    this.path = path;
    this.integer = integer;
  }

  static Node of(SchemaReader reader, JsonNode schema, String path, boolean integer) {
    return new NumberSchema(reader, schema, path, integer).node();
  }

  /** A bound; {@code open} where it is none of the values itself. */
  private record Bound(BigDecimal value, boolean open) {
    /** The bound of the values with the other sign. */
    Bound negated() {
      return new Bound(value.negate(), open);
    }
  }

  private Node node() {
    Bound least = stricter(bound("minimum", "exclusiveMinimum"), 1);
    Bound most = stricter(bound("maximum", "exclusiveMaximum"), -1);
    Node multiple = multiple();
    if (least == null && most == null && multiple == null) {
      return integer ? JsonText.INTEGER : JsonText.NUMBER;
    }
    List<Node> parts = new ArrayList<>();
    if (most == null || most.value.signum() >= 0) {
      Bound from = least == null || least.value.signum() < 0 ? new Bound(BigDecimal.ZERO, false) : least;
      add(parts, "", from, most, multiple);
    }
    if (least == null || least.value.signum() < 0) {
      Bound from = most == null || most.value.signum() >= 0 ? new Bound(BigDecimal.ZERO, true) : most.negated();
      add(parts, "-", from, least == null ? null : least.negated(), multiple);
    }
    return Node.alt(parts);
  }

  /** Both ways to say a bound; of two the stricter one. */
  private List<Bound> bound(String closed, String open) {
    List<Bound> bounds = new ArrayList<>();
    BigDecimal value = number(closed);
    JsonNode other = schema.path(open);
    if (value != null) {
      // draft 4 says with a boolean that the bound is open
      bounds.add(new Bound(value, other.isBoolean() && other.booleanValue()));
    }
    BigDecimal limit = other.isBoolean() ? null : number(open);
    if (limit != null) {
      bounds.add(new Bound(limit, true));
    }
    return bounds;
  }

  private static @Nullable Bound stricter(List<Bound> bounds, int sign) {
    Bound best = null;
    for (Bound one : bounds) {
      int order = best == null ? sign : one.value.compareTo(best.value);
      best = best == null || order == sign || (order == 0 && one.open) ? one : best;
    }
    return best;
  }

  private @Nullable BigDecimal number(String keyword) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return null;
    }
    if (!value.isNumber()) {
      throw reader.fail(path, keyword + " must be a number");
    }
    BigDecimal number = value.decimalValue().stripTrailingZeros();
    if (number.precision() > MOST_DIGITS || Math.abs((long) number.scale()) > MOST_DIGITS) {
      throw reader.fail(path, keyword + " has more than " + MOST_DIGITS + " digits");
    }
    return number;
  }

  private @Nullable Node multiple() {
    BigDecimal of = number("multipleOf");
    if (of == null || (integer && of.compareTo(BigDecimal.ONE) == 0)) {
      return null;
    }
    boolean whole = of.signum() > 0 && of.scale() <= 0;
    if (!whole || of.compareTo(BigDecimal.valueOf(reader.limits().repetition())) > 0) {
      throw reader.fail(path, "multipleOf must be a whole number from 1 to " + reader.limits().repetition());
    }
    return new Node.Multiple(of.intValueExact());
  }

  private void add(List<Node> parts, String sign, Bound from, @Nullable Bound to, @Nullable Node multiple) {
    boolean whole = integer || multiple != null;
    Node magnitude = atLeast(whole ? rounded(from, RoundingMode.CEILING) : from, whole);
    if (to != null) {
      if (to.value.signum() < 0) {
        return;
      }
      Bound last = whole ? rounded(to, RoundingMode.FLOOR) : to;
      if (last.value.signum() < 0) {
        return;
      }
      magnitude = new Node.And(magnitude, atMost(last, whole));
    }
    magnitude = multiple == null ? magnitude : new Node.And(magnitude, multiple);
    parts.add(Node.seq(Node.text(sign), magnitude));
  }

  /** The nearest whole bound that says the same about whole numbers; it is never open. */
  private static Bound rounded(Bound bound, RoundingMode mode) {
    BigDecimal whole = bound.value.setScale(0, mode);
    boolean itself = bound.open && whole.compareTo(bound.value) == 0;
    BigDecimal step = mode == RoundingMode.CEILING ? BigDecimal.ONE : BigDecimal.ONE.negate();
    return new Bound(itself ? whole.add(step) : whole, false);
  }

  private static String digits(BigDecimal value) {
    return value.toBigInteger().toString();
  }

  private static String fraction(BigDecimal value) {
    String plain = value.stripTrailingZeros().toPlainString();
    int dot = plain.indexOf('.');
    return dot < 0 ? "" : plain.substring(dot + 1);
  }

  private static Node fractionOf(boolean whole) {
    return whole ? Node.EMPTY
        : Node.optional(Node.seq(Node.text("."), new Node.Repeat(DIGIT, 1, FRACTION_DIGITS)));
  }

  private static Node range(int first, int last) {
    return first > last ? Node.alt(List.of(Node.chars(CodePoints.of("")))) : Node.chars(
        CodePoints.of('0' + first, '0' + last));
  }

  private static Node times(int count) {
    return new Node.Repeat(DIGIT, count, count);
  }

  private static Node atLeast(Bound bound, boolean whole) {
    String d = digits(bound.value);
    List<Node> all = new ArrayList<>();
    all.add(Node.seq(LEADING, new Node.Repeat(DIGIT, d.length(), Math.max(d.length(), WHOLE_DIGITS)),
        fractionOf(whole)));
    if (d.equals("0")) {
      all.add(Node.seq(LEADING, fractionOf(whole)));
    }
    for (int i = 0; i < d.length() && !d.equals("0"); i++) {
      all.add(Node.seq(Node.text(d.substring(0, i)), range(d.charAt(i) - '0' + 1, 9), times(d.length() - i - 1),
          fractionOf(whole)));
    }
    all.add(Node.seq(Node.text(d), whole ? Node.EMPTY : fractionAtLeast(fraction(bound.value), bound.open)));
    return Node.alt(all);
  }

  private static Node fractionAtLeast(String f, boolean open) {
    if (f.isEmpty() && !open) {
      return fractionOf(false);
    }
    int more = Math.max(FRACTION_DIGITS, f.length() + 1);
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < more; i++) {
      int digit = i < f.length() ? f.charAt(i) - '0' : 0;
      String same = f.substring(0, Math.min(i, f.length())) + "0".repeat(Math.max(0, i - f.length()));
      all.add(Node.seq(Node.text(same), range(digit + 1, 9), new Node.Repeat(DIGIT, 0, more - i - 1)));
    }
    if (!open) {
      all.add(Node.seq(Node.text(f), new Node.Repeat(Node.text("0"), 0, more - f.length())));
    }
    return Node.seq(Node.text("."), Node.alt(all));
  }

  private static Node atMost(Bound bound, boolean whole) {
    String d = digits(bound.value);
    List<Node> all = new ArrayList<>();
    if (d.length() > 1) {
      all.add(Node.seq(Node.text("0"), fractionOf(whole)));
      all.add(Node.seq(LEADING, new Node.Repeat(DIGIT, 0, d.length() - 2), fractionOf(whole)));
    }
    for (int i = 0; i < d.length(); i++) {
      all.add(Node.seq(Node.text(d.substring(0, i)), range(i == 0 && d.length() > 1 ? 1 : 0, d.charAt(i) - '0' - 1),
          times(d.length() - i - 1), fractionOf(whole)));
    }
    String f = fraction(bound.value);
    if (whole) {
      all.add(Node.text(d));
    } else if (!f.isEmpty() || !bound.open) {
      all.add(Node.seq(Node.text(d), Node.optional(fractionAtMost(f, bound.open))));
    }
    return Node.alt(all);
  }

  private static Node fractionAtMost(String f, boolean open) {
    int more = Math.max(FRACTION_DIGITS, f.length());
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < f.length(); i++) {
      all.add(Node.seq(Node.text(f.substring(0, i)), range(0, f.charAt(i) - '0' - 1),
          new Node.Repeat(DIGIT, 0, more - i - 1)));
      if (i > 0) {
        all.add(Node.text(f.substring(0, i)));
      }
    }
    if (!open) {
      int least = f.isEmpty() ? 1 : 0;
      all.add(Node.seq(Node.text(f), new Node.Repeat(Node.text("0"), least, Math.max(least, more - f.length()))));
    }
    return Node.seq(Node.text("."), Node.alt(all));
  }
}
