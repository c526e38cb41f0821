package io.swiftjvm.text.jinja;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** All tests ({@code x is name}) by name. */
final class Tests {
  /** A test: the value before {@code is} and the arguments after the name. */
  @FunctionalInterface
  interface Test {
    boolean test(Run run, Object value, Arguments arguments);
  }

  private static final Map<String, Test> TESTS = new HashMap<>();

  static {
    simple("defined", value -> !(value instanceof Undefined));
    simple("undefined", value -> value instanceof Undefined);
    simple("none", value -> value == None.NONE);
    simple("true", value -> value.equals(true));
    simple("false", value -> value.equals(false));
    simple("boolean", value -> value instanceof Boolean);
    simple("integer", value -> value instanceof Long || value instanceof BigInteger);
    simple("float", value -> value instanceof Double);
    simple("number", value -> Types.isNumber(value) || value instanceof BigInteger);
    simple("string", value -> value instanceof String);
    simple("mapping", value -> value instanceof Map);
    simple("iterable", Types::isIterable);
    simple("sequence", Types::isIterable);
    simple("callable", value -> value instanceof Callable);
    simple("odd", value -> Math.floorMod(Types.integer(value), 2L) == 1);
    simple("even", value -> Math.floorMod(Types.integer(value), 2L) == 0);
    simple("escaped", value -> false);
    TESTS.put("lower", (run, value, args) -> Cases.isLower(Show.text(run, value)));
    TESTS.put("upper", (run, value, args) -> Cases.isUpper(Show.text(run, value)));
    TESTS.put("divisibleby", (run, value, args) -> {
      Object rest = Arithmetic.apply(run, "%", value, args.bind("divisibleby", "num").required(0));
      return !Types.truth(rest);
    });
    TESTS.put("in", (run, value, args) -> Order.contains(run, args.bind("in", "seq").required(0), value));
    TESTS.put("sameas", (run, value, args) -> sameAs(value, args.bind("sameas", "other").required(0)));
    TESTS.put("filter", (run, value, args) -> exists(() -> Filters.find(Types.text(value))));
    TESTS.put("test", (run, value, args) -> exists(() -> find(Types.text(value))));
    comparison("==", "eq", "equalto");
    comparison("!=", "ne");
    comparison("<", "lt", "lessthan");
    comparison("<=", "le");
    comparison(">", "gt", "greaterthan");
    comparison(">=", "ge");
  }

  private Tests() {}

  static Test find(String name) {
    Test test = TESTS.get(name);
    if (test == null) {
      throw new JinjaError("No test named '" + name + "'.");
    }
    return test;
  }

  private static void simple(String name, Predicate<Object> predicate) {
    TESTS.put(name, (run, value, args) -> {
      args.bind(name);
      return predicate.test(value);
    });
  }

  private static void comparison(String operator, String... names) {
    Test test = (run, value, args) -> compare(run, operator, value, args.bind(operator, "other").required(0));
    TESTS.put(operator, test);
    List.of(names).forEach(name -> TESTS.put(name, test));
  }

  static boolean compare(Run run, String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Order.same(run, left, right);
      case "!=" -> !Order.same(run, left, right);
      case "<" -> Order.compare(run, left, right, operator) < 0;
      case "<=" -> Order.compare(run, left, right, operator) <= 0;
      case ">" -> Order.compare(run, left, right, operator) > 0;
      case ">=" -> Order.compare(run, left, right, operator) >= 0;
      case "in" -> Order.contains(run, right, left);
      default -> !Order.contains(run, right, left);
    };
  }

  @SuppressWarnings("ReferenceEquality") // the test asks for identity
  private static boolean sameAs(Object value, Object other) {
    boolean container = value instanceof List || value instanceof Map;
    return container ? value == other : value.equals(other);
  }

  private static boolean exists(Runnable lookup) {
    try {
      lookup.run();
      return true;
    } catch (JinjaError e) {
      return false;
    }
  }
}
