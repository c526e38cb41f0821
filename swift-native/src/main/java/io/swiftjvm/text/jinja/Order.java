package io.swiftjvm.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Equality, order, membership. */
final class Order {
  private Order() {}

  @SuppressWarnings("ReferenceEquality") // a shortcut; the elements are compared below
  static boolean same(Run run, Object left, Object right) {
    run.budget().tick();
    if (left == right) {
      return !(left instanceof Double number) || !number.isNaN();
    }
    if (isNumeric(left) && isNumeric(right)) {
      return numeric(left, right) == 0 && !isNaN(left) && !isNaN(right);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return (left instanceof Tuple) == (right instanceof Tuple) && sameItems(run, Types.list(a), Types.list(b));
    }
    if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      return sameEntries(run, Types.map(a), Types.map(b));
    }
    return left.equals(right);
  }

  private static boolean sameItems(Run run, List<Object> a, List<Object> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!same(run, a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameEntries(Run run, Map<Object, Object> a, Map<Object, Object> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Map.Entry<Object, Object> entry : a.entrySet()) {
      Object other = b.get(entry.getKey());
      if (other == null || !same(run, entry.getValue(), other)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNumeric(Object value) {
    return Types.isNumber(value) || value instanceof BigInteger;
  }

  private static boolean isNaN(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  private static int numeric(Object left, Object right) {
    if (Types.isInteger(left) && Types.isInteger(right)) {
      return Long.compare(Types.integer(left), Types.integer(right));
    }
    if (left instanceof Double || right instanceof Double) {
      return Double.compare(approximate(left) + 0.0, approximate(right) + 0.0);
    }
    return decimal(left).compareTo(decimal(right));
  }

  private static double approximate(Object value) {
    return value instanceof BigInteger big ? big.doubleValue() : Types.real(value);
  }

  private static BigDecimal decimal(Object value) {
    return value instanceof BigInteger big ? new BigDecimal(big) : BigDecimal.valueOf(Types.integer(value));
  }

  /** Negative, zero or positive; values that Python cannot order fail. {@code operator} is for the message. */
  static int compare(Run run, Object left, Object right, String operator) {
    run.budget().tick();
    if (isNumeric(left) && isNumeric(right)) {
      return numeric(left, right);
    }
    if (left instanceof String a && right instanceof String b) {
      return codePoints(a, b);
    }
    if (left instanceof List<?> a && right instanceof List<?> b
        && (left instanceof Tuple) == (right instanceof Tuple)) {
      return items(run, Types.list(a), Types.list(b), operator);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.fail();
    }
    throw new JinjaError("'" + operator + "' not supported between instances of '" + Types.name(left) + "' and '"
        + Types.name(right) + "'");
  }

  private static int items(Run run, List<Object> a, List<Object> b, String operator) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      if (!same(run, a.get(i), b.get(i))) {
        return compare(run, a.get(i), b.get(i), operator);
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  private static int codePoints(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      if (a.charAt(i) != b.charAt(i)) {
        boolean surrogates = Character.isSurrogate(a.charAt(i)) || Character.isSurrogate(b.charAt(i));
        return surrogates ? Integer.compare(pointAt(a, i), pointAt(b, i)) : Character.compare(a.charAt(i), b.charAt(i));
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** The code point that the char at {@code i} belongs to. */
  private static int pointAt(String text, int i) {
    boolean low = Character.isLowSurrogate(text.charAt(i)) && i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    return text.codePointAt(low ? i - 1 : i);
  }

  static List<Object> sorted(Run run, List<Object> items) {
    return sorted(run, items, item -> item, false);
  }

  /** A stable sort, also when reversed, as Python's. */
  static List<Object> sorted(Run run, List<Object> items, Function<Object, Object> key, boolean reverse) {
    record Keyed(Object key, Object item) {}

    List<Keyed> keyed = new ArrayList<>(items.size());
    for (Object item : items) {
      keyed.add(new Keyed(key.apply(item), item));
    }
    int sign = reverse ? -1 : 1;
    keyed.sort((a, b) -> sign * Integer.signum(compare(run, a.key(), b.key(), "<")));
    List<Object> result = new ArrayList<>(items.size());
    keyed.forEach(each -> result.add(each.item()));
    return result;
  }

  /** Python's {@code part in whole}. */
  static boolean contains(Run run, Object whole, Object part) {
    return switch (whole) {
      case String text -> {
        if (part instanceof Undefined undefined) {
          throw undefined.fail();
        }
        if (!(part instanceof String piece)) {
          throw new JinjaError("'in <string>' requires string as left operand, not " + Types.name(part));
        }
        run.budget().search(text, piece);
        yield text.contains(piece);
      }
      case Map<?, ?> map -> map.containsKey(Access.key(part));
      case List<?> list -> {
        for (Object item : list) {
          if (same(run, item, part)) {
            yield true;
          }
        }
        yield false;
      }
      case Undefined undefined -> false;
      default -> throw new JinjaError("argument of type '" + Types.name(whole) + "' is not iterable");
    };
  }
}
