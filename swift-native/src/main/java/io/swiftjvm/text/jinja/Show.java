package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code str} and {@code repr}. */
final class Show {
  private final Run run;
  private final StringBuilder out = new StringBuilder();
  private int depth;

  private Show(Run run) {
    this.run = run;
  }

  static String text(Run run, Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined undefined -> "";
      default -> repr(run, value);
    };
  }

  static String repr(Run run, Object value) {
    Show show = new Show(run);
    show.value(value);
    run.budget().text(show.out.length());
    return show.out.toString();
  }

  private void value(Object value) {
    run.budget().tick();
    Texts.checkSize(run, out);
    if (++depth > run.budget().limits().depth() * 2) {
      throw new JinjaError("the value to print nests too deep");
    }
    switch (value) {
      case None none -> out.append("None");
      case Boolean flag -> out.append(flag ? "True" : "False");
      case Double number -> out.append(FloatText.of(number));
      case String text -> quoted(text);
      case Undefined undefined -> out.append("Undefined");
      case Range range -> out.append(range);
      case Tuple tuple -> items("(", tuple, tuple.size() == 1 ? ",)" : ")");
      case List<?> list -> items("[", list, "]");
      case Map<?, ?> map -> entries(map);
      case Namespace namespace -> {
        out.append("<Namespace ");
        entries(namespace.members());
        out.append('>');
      }
      case Macro macro -> out.append("<Macro '").append(macro.name()).append("'>");
      case Callable callable -> out.append("<function>");
      default -> out.append(value);
    }
    depth--;
  }

  private void items(String open, Iterable<?> items, String close) {
    out.append(open);
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      value(item);
      separator = ", ";
    }
    out.append(close);
  }

  private void entries(Map<?, ?> map) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      value(entry.getKey());
      out.append(": ");
      value(entry.getValue());
      separator = ", ";
    }
    out.append('}');
  }

  private void quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    for (int at = 0; at < text.length();) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (c == quote || c == '\\') {
        out.append('\\').append((char) c);
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\r') {
        out.append("\\r");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (isPrintable(c)) {
        out.appendCodePoint(c);
      } else {
        out.append(c < 0x100 ? "\\x%02x".formatted(c) : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
      }
    }
    out.append(quote);
    run.budget().tick(text.length() / 16);
  }

  private static boolean isPrintable(int c) {
    return c == ' ' || switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
          Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> false;
      default -> true;
    };
  }
}
