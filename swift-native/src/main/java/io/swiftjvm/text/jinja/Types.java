package io.swiftjvm.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Names, truth and conversions of values. */
final class Types {
  private Types() {}

  /** Python's name of the type. */
  static String name(Object value) {
    return switch (value) {
      case None none -> "NoneType";
      case Boolean flag -> "bool";
      case Long number -> "int";
      case BigInteger number -> "int";
      case Double number -> "float";
      case String text -> "str";
      case Tuple tuple -> "tuple";
      case Range range -> "range";
      case List<?> list -> "list";
      case Map<?, ?> map -> "dict";
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "Namespace";
      case Macro macro -> "Macro";
      case LoopState loop -> "LoopContext";
      case Callable function -> "function";
      default -> value.getClass().getSimpleName();
    };
  }

  /** How messages about missing members name the owner. */
  static String described(Object value) {
    return value == None.NONE ? "None" : name(value) + " object";
  }

  static boolean truth(Object value) {
    return switch (value) {
      case None none -> false;
      case Undefined undefined -> false;
      case Boolean flag -> flag;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case BigInteger number -> number.signum() != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> true;
    };
  }

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  static long integer(Object value) {
    return switch (value) {
      case Long number -> number;
      case Boolean flag -> flag ? 1 : 0;
      case Undefined undefined -> throw undefined.fail();
      default -> throw new JinjaError("'" + name(value) + "' object cannot be interpreted as an integer");
    };
  }

  /** An int argument, cut to the range of Java's int: sizes and positions beyond it behave like infinity. */
  static int clamped(long value) {
    return Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  static double real(Object value) {
    return value instanceof Double number ? number : (double) integer(value);
  }

  static String text(Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined undefined -> throw undefined.fail();
      default -> throw new JinjaError("expected str, found " + name(value));
    };
  }

  /** The elements that iteration visits: characters of a text, keys of a dict, nothing of what is undefined. */
  static List<Object> elements(Run run, Object value) {
    List<Object> elements = switch (value) {
      case List<?> list -> list(list);
      case Map<?, ?> map -> List.copyOf(map(map).keySet());
      case String text -> Texts.characters(run, text);
      case Undefined undefined -> List.of();
      default -> throw new JinjaError("'" + name(value) + "' object is not iterable");
    };
    run.budget().tick(elements.size());
    return elements;
  }

  static boolean isIterable(Object value) {
    return value instanceof List || value instanceof Map || value instanceof String || value instanceof Undefined;
  }

  /** Lists among values hold values: they are made by {@link PlainData} or by the interpreter. */
  @SuppressWarnings("unchecked")
  static List<Object> list(List<?> list) {
    return (List<Object>) list;
  }

  /** The same for dicts. */
  @SuppressWarnings("unchecked")
  static Map<Object, Object> map(Map<?, ?> map) {
    return (Map<Object, Object>) map;
  }
}
