package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps} as {@code tojson} of transformers calls it: no HTML escapes. */
final class JsonText {
  private final Run run;
  private final boolean ascii;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;
  private final StringBuilder out = new StringBuilder();
  private int depth;

  private JsonText(Run run, boolean ascii, @Nullable String indent, String itemSeparator, String keySeparator,
      boolean sortKeys) {
    this.run = run;
    this.ascii = ascii;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sortKeys = sortKeys;
  }

  static Object filter(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    Object indent = args.or(1, None.NONE);
    String step = switch (indent) {
      case None none -> null;
      case String text -> text;
      default -> " ".repeat(Math.clamp(Types.integer(indent), 0, 256));
    };
    String itemSeparator = step == null ? ", " : ",";
    String keySeparator = ": ";
    if (args.or(2, None.NONE) instanceof List<?> pair) {
      if (pair.size() != 2) {
        throw new JinjaError("tojson() needs two separators, found " + pair.size());
      }
      itemSeparator = Types.text(Types.list(pair).get(0));
      keySeparator = Types.text(Types.list(pair).get(1));
    }
    JsonText json = new JsonText(run, args.flag(0, false), step, itemSeparator, keySeparator, args.flag(3, false));
    json.value(value);
    run.budget().text(json.out.length());
    return json.out.toString();
  }

  private void value(Object value) {
    run.budget().tick();
    Texts.checkSize(run, out);
    if (++depth > run.budget().limits().depth() * 2) {
      throw new JinjaError("the value for tojson nests too deep");
    }
    switch (value) {
      case None none -> out.append("null");
      case Boolean flag -> out.append(flag);
      case Double number -> out.append(real(number));
      case Number number -> out.append(number);
      case String text -> string(text);
      case Range range -> throw unserializable(range);
      case List<?> list -> list(Types.list(list));
      case Map<?, ?> map -> object(Types.map(map));
      default -> throw unserializable(value);
    }
    depth--;
  }

  private static JinjaError unserializable(Object value) {
    return new JinjaError("Object of type " + Types.name(value) + " is not JSON serializable");
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : FloatText.of(value);
  }

  private void list(List<Object> items) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    for (int i = 0; i < items.size(); i++) {
      separate(i);
      value(items.get(i));
    }
    close(']');
  }

  private void object(Map<Object, Object> map) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    List<Object> keys = List.copyOf(map.keySet());
    if (sortKeys) {
      keys = Order.sorted(run, keys);
    }
    for (int i = 0; i < keys.size(); i++) {
      separate(i);
      string(key(keys.get(i)));
      out.append(keySeparator);
      value(map.getOrDefault(keys.get(i), None.NONE));
    }
    close('}');
  }

  private static String key(Object key) {
    return switch (key) {
      case String text -> text;
      case Boolean flag -> flag.toString();
      case None none -> "null";
      case Double number -> real(number);
      case Number number -> number.toString();
      default -> throw new JinjaError("keys must be str, int, float, bool or None, not " + Types.name(key));
    };
  }

  private void separate(int index) {
    out.append(index == 0 ? "" : itemSeparator);
    line(depth);
  }

  private void close(char mark) {
    line(depth - 1);
    out.append(mark);
  }

  private void line(int level) {
    if (indent != null) {
      out.append('\n').repeat(indent, level);
    }
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7f)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
    run.budget().tick(text.length() / 16);
  }
}
