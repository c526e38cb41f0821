package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's operators on numbers, strings and lists. */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(Run run, String operator, Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (Types.isNumber(left) && Types.isNumber(right)) {
      try {
        return Types.isInteger(left) && Types.isInteger(right)
            ? integers(operator, Types.integer(left), Types.integer(right))
            : reals(operator, Types.real(left), Types.real(right));
      } catch (ArithmeticException e) {
        throw new JinjaError("integer out of range in " + left + " " + operator + " " + right);
      }
    }
    return switch (operator) {
      case "+" -> plus(run, left, right);
      case "*" -> times(run, left, right);
      case "%" -> {
        if (left instanceof String format) {
          yield PercentFormat.format(run, format, right);
        }
        throw unsupported(operator, left, right);
      }
      default -> throw unsupported(operator, left, right);
    };
  }

  private static JinjaError unsupported(String operator, Object left, Object right) {
    String shown = operator.equals("**") ? "** or pow()" : operator;
    return new JinjaError("unsupported operand type(s) for " + shown + ": '" + Types.name(left) + "' and '"
        + Types.name(right) + "'");
  }

  private static Object plus(Run run, Object left, Object right) {
    if (left instanceof String a) {
      if (right instanceof String b) {
        return Texts.join(run, a, b);
      }
      throw new JinjaError("can only concatenate str (not \"" + Types.name(right) + "\") to str");
    }
    if (left instanceof List<?> a && !(left instanceof Range)) {
      boolean tuple = left instanceof Tuple;
      if (right instanceof List<?> b && !(right instanceof Range) && tuple == right instanceof Tuple) {
        run.budget().tick((long) a.size() + b.size());
        List<Object> joined = new ArrayList<>(Types.list(a));
        joined.addAll(Types.list(b));
        return tuple ? new Tuple(joined) : joined;
      }
      String type = Types.name(left);
      throw new JinjaError("can only concatenate " + type + " (not \"" + Types.name(right) + "\") to " + type);
    }
    throw unsupported("+", left, right);
  }

  private static Object times(Run run, Object left, Object right) {
    if (Types.isInteger(left) && !Types.isInteger(right)) {
      return times(run, right, left);
    }
    if (!Types.isInteger(right)) {
      throw unsupported("*", left, right);
    }
    long count = Math.max(0, Types.integer(right));
    if (left instanceof String text) {
      return Texts.repeat(run, text, count);
    }
    if (left instanceof List<?> list && !(left instanceof Range)) {
      run.budget().tick(list.isEmpty() ? 0 : Math.min(count, Integer.MAX_VALUE) * list.size());
      List<Object> repeated = new ArrayList<>();
      for (long i = 0; i < count && !list.isEmpty(); i++) {
        repeated.addAll(Types.list(list));
      }
      return left instanceof Tuple ? new Tuple(repeated) : repeated;
    }
    throw unsupported("*", left, right);
  }

  private static Object integers(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "/" -> (double) a / divisor(b, "division by zero");
      case "//" -> Math.floorDivExact(a, divisor(b, "integer division or modulo by zero"));
      case "%" -> Math.floorMod(a, divisor(b, "integer modulo by zero"));
      case "**" -> b < 0 ? (Object) Math.pow((double) a, (double) b) : power(a, b);
      default -> throw new IllegalStateException(operator);
    };
  }

  private static long divisor(long b, String message) {
    if (b == 0) {
      throw new JinjaError(message);
    }
    return b;
  }

  private static long power(long base, long exponent) {
    if (base == 0 || base == 1) {
      return exponent == 0 ? 1 : base;
    }
    if (base == -1) {
      return (exponent & 1) == 0 ? 1 : -1;
    }
    long result = 1;
    for (long i = 0; i < exponent; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  private static Object reals(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / divisor(b, "float division by zero");
      case "//" -> Math.floor(a / divisor(b, "float floor division by zero"));
      case "%" -> modulo(a, divisor(b, "float modulo by zero"));
      case "**" -> Math.pow(a, b);
      default -> throw new IllegalStateException(operator);
    };
  }

  private static double divisor(double b, String message) {
    if (b == 0) {
      throw new JinjaError(message);
    }
    return b;
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }

  static Object sign(boolean negative, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (!Types.isNumber(value)) {
      throw new JinjaError("bad operand type for unary " + (negative ? "-" : "+") + ": '" + Types.name(value) + "'");
    }
    if (Types.isInteger(value)) {
      long number = Types.integer(value);
      return negative ? Math.negateExact(number) : number;
    }
    return negative ? -Types.real(value) : value;
  }
}
