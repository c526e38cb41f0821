package io.swiftjvm.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Turns words of a command line and values of a JSON or YAML file into the type that an argument wants. */
final class Values {
  private static final ObjectMapper JSON = PlanFiles.json();

  private Values() {}

  static Object convert(Argument argument, Object given) {
    return switch (argument.kind()) {
      case TEXT -> text(argument, given);
      case TEXTS -> texts(argument, given);
      case INTEGER -> integer(argument, given);
      case NUMBER -> number(argument, given);
      case SWITCH -> truth(argument, given);
      case MAP -> map(argument, given);
    };
  }

  private static Object single(Argument argument, Object given) {
    if (given instanceof List<?> list) {
      if (list.size() != 1 || list.getFirst() == null) {
        throw wrong(argument, given, "one value");
      }
      return list.getFirst();
    }
    return given;
  }

  private static String text(Argument argument, Object given) {
    Object one = single(argument, given);
    if (one instanceof String || one instanceof Number || one instanceof Boolean) {
      return one.toString();
    }
    throw wrong(argument, given, "a text");
  }

  private static List<String> texts(Argument argument, Object given) {
    List<?> list = given instanceof List<?> l ? l : List.of(given);
    if (given instanceof String s && s.startsWith("[") && s.endsWith("]")) {
      list = (List<?>) parse(argument, s, List.class);
    }
    for (Object item : list) {
      if (!(item instanceof String || item instanceof Number)) {
        throw wrong(argument, given, "a list of texts");
      }
    }
    return list.stream().map(Object::toString).toList();
  }

  private static Long integer(Argument argument, Object given) {
    Object one = single(argument, given);
    if (one instanceof Integer || one instanceof Long) {
      return ((Number) one).longValue();
    }
    if (one instanceof Double d && d == Math.rint(d) && Math.abs(d) < 1e15) {
      return d.longValue();
    }
    try {
      return Long.valueOf(one.toString().strip());
    } catch (NumberFormatException e) {
      throw wrong(argument, one, "a whole number");
    }
  }

  private static Double number(Argument argument, Object given) {
    Object one = single(argument, given);
    try {
      double value = Double.parseDouble(one.toString().strip());
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // falls through to the one message for both cases
    }
    throw wrong(argument, one, "a finite number");
  }

  private static Boolean truth(Argument argument, Object given) {
    Object one = single(argument, given);
    if (one instanceof Boolean b) {
      return b;
    }
    return switch (one.toString().strip().toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes", "on" -> true;
      case "false", "0", "no", "off" -> false;
      default -> throw wrong(argument, one, "true or false");
    };
  }

  private static Map<?, ?> map(Argument argument, Object given) {
    Object one = single(argument, given);
    return one instanceof Map<?, ?> m ? m : (Map<?, ?>) parse(argument, one.toString(), Map.class);
  }

  private static Object parse(Argument argument, String text, Class<?> type) {
    try {
      return JSON.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw wrong(argument, text, type == Map.class ? "a JSON object" : "a JSON list");
    }
  }

  private static InvalidPlanException wrong(Argument argument, Object given, String wanted) {
    return new InvalidPlanException(
        "--" + argument.name() + " takes " + wanted + ", got '" + given + "'. " + argument.help());
  }
}
