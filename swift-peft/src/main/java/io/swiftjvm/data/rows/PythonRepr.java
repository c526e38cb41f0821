package io.swiftjvm.data.rows;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plain data as Python's {@code repr} and {@code str} write it: some tool forms were trained on that. */
public final class PythonRepr {
  private PythonRepr() {}

  /** Like {@code repr(value)}: {@code {'city': 'Paris', 'flag': True}}. */
  public static String of(@Nullable Object value) {
    return switch (value) {
      case null -> "None";
      case String text -> quote(text);
      case Boolean on -> on ? "True" : "False";
      case Double d -> PythonJson.number(d);
      case Float f -> PythonJson.number(f.doubleValue());
      case BigDecimal b -> PythonJson.number(b.doubleValue());
      case Number n -> n.toString();
      case Map<?, ?> map -> map.entrySet().stream().map(e -> of(e.getKey()) + ": " + of(e.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
      case List<?> list -> list.stream().map(PythonRepr::of).collect(Collectors.joining(", ", "[", "]"));
      default -> throw new IllegalArgumentException("no Python notation for " + value.getClass());
    };
  }

  /** Like {@code str(value)}: a text stays as it is. */
  public static String text(@Nullable Object value) {
    return value instanceof String text ? text : of(value);
  }

  private static String quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    text.codePoints().forEach(c -> {
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c == quote) {
            out.append('\\').append(quote);
          } else if (printable(c)) {
            out.appendCodePoint(c);
          } else {
            out.append(String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
          }
        }
      }
    });
    return out.append(quote).toString();
  }

  private static boolean printable(int c) {
    return c == ' ' || switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
          Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> false;
      default -> true;
    };
  }
}
