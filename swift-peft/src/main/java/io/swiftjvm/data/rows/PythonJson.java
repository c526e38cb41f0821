package io.swiftjvm.data.rows;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON exactly as Python's {@code json.dumps(ensure_ascii=False)} writes it: tool texts are made of it. */
public final class PythonJson {
  private PythonJson() {}

  /** One line. */
  public static String dump(@Nullable Object value) {
    return dump(value, 0);
  }

  /** Like {@code json.dumps(indent=indent)}; 0 writes one line. */
  public static String dump(@Nullable Object value, int indent) {
    StringBuilder out = new StringBuilder();
    write(out, value, indent, 0);
    return out.toString();
  }

  private static void write(StringBuilder out, @Nullable Object value, int indent, int depth) {
    switch (value) {
      case null -> out.append("null");
      case String s -> quote(out, s);
      case Double d -> out.append(number(d));
      case Float f -> out.append(number(f.doubleValue()));
      case BigDecimal b -> out.append(number(b.doubleValue()));
      case Number n -> out.append(n);
      case Boolean b -> out.append(b);
      case Map<?, ?> map -> {
        out.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          next(out, separator, indent, depth + 1);
          quote(out, String.valueOf(entry.getKey()));
          out.append(": ");
          write(out, entry.getValue(), indent, depth + 1);
          separator = indent > 0 ? "," : ", ";
        }
        close(out, '}', map.isEmpty(), indent, depth);
      }
      case List<?> list -> {
        out.append('[');
        String separator = "";
        for (Object item : list) {
          next(out, separator, indent, depth + 1);
          write(out, item, indent, depth + 1);
          separator = indent > 0 ? "," : ", ";
        }
        close(out, ']', list.isEmpty(), indent, depth);
      }
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  private static void next(StringBuilder out, String separator, int indent, int depth) {
    out.append(separator);
    if (indent > 0) {
      out.append('\n').repeat(' ', indent * depth);
    }
  }

  private static void close(StringBuilder out, char end, boolean empty, int indent, int depth) {
    if (indent > 0 && !empty) {
      out.append('\n').repeat(' ', indent * depth);
    }
    out.append(end);
  }

  /** Python's repr of a float: shortest digits, exponent below 1e-4 and from 1e16 on. */
  static String number(double d) {
    double size = Math.abs(d);
    if (size != 0 && (size < 1e-4 || size >= 1e16)) {
      String text = Double.toString(d).replace(".0E", "E");
      int e = text.indexOf('E');
      int exponent = Integer.parseInt(text.substring(e + 1));
      return text.substring(0, e) + String.format(exponent < 0 ? "e-%02d" : "e+%02d", Math.abs(exponent));
    }
    String plain = new BigDecimal(Double.toString(d)).toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
