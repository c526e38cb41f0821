package io.swiftjvm.data.template;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON exactly as Python's {@code json.dumps(ensure_ascii=False)} writes it: tool texts are made of it. */
final class PythonJson {
  private PythonJson() {}

  static String dump(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    write(out, value);
    return out.toString();
  }

  private static void write(StringBuilder out, @Nullable Object value) {
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
        for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext();) {
          Map.Entry<?, ?> entry = i.next();
          quote(out, String.valueOf(entry.getKey()));
          out.append(": ");
          write(out, entry.getValue());
          out.append(i.hasNext() ? ", " : "");
        }
        out.append('}');
      }
      case List<?> list -> {
        out.append('[');
        for (int i = 0; i < list.size(); i++) {
          out.append(i == 0 ? "" : ", ");
          write(out, list.get(i));
        }
        out.append(']');
      }
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  /** Python's repr of a float: shortest digits, exponent below 1e-4 and from 1e16 on. */
  private static String number(double d) {
    double size = Math.abs(d);
    if (size != 0 && (size < 1e-4 || size >= 1e16)) {
      String text = Double.toString(d).replace(".0E", "E");
      int e = text.indexOf('E');
      int exponent = Integer.parseInt(text.substring(e + 1));
      return text.substring(0, e) + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
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
