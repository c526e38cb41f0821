package io.swiftjvm.data.rows;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads Python's way of writing plain data, {@code {'a': True}}: some data sets have it where JSON belongs. */
final class PythonLiteral {
  private static final int MAX_DEPTH = 64;

  private final String text;
  private int at;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /** The value; empty if the text is no such literal. */
  static Optional<Object> parse(String text) {
    try {
      PythonLiteral parser = new PythonLiteral(text.strip());
      Object value = parser.value(0);
      parser.blanks();
      return parser.at == parser.text.length() ? Optional.ofNullable(value) : Optional.empty();
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private @Nullable Object value(int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("too deep");
    }
    blanks();
    char c = text.charAt(at);
    return switch (c) {
      case '{' -> map(depth);
      case '[', '(' -> list(depth, c == '[' ? ']' : ')');
      case '\'', '"' -> string(c);
      default -> word();
    };
  }

  private Map<String, @Nullable Object> map(int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    at++;
    while (!closes('}')) {
      Object key = value(depth + 1);
      expect(':');
      map.put(String.valueOf(key), value(depth + 1));
      comma('}');
    }
    return map;
  }

  private List<@Nullable Object> list(int depth, char end) {
    List<@Nullable Object> list = new ArrayList<>();
    at++;
    while (!closes(end)) {
      list.add(value(depth + 1));
      comma(end);
    }
    return list;
  }

  private String string(char quote) {
    StringBuilder out = new StringBuilder();
    for (at++; text.charAt(at) != quote; at++) {
      char c = text.charAt(at);
      if (c == '\\') {
        c = switch (text.charAt(++at)) {
          case 'n' -> '\n';
          case 't' -> '\t';
          case 'r' -> '\r';
          default -> text.charAt(at);
        };
      }
      out.append(c);
    }
    at++;
    return out.toString();
  }

  private @Nullable Object word() {
    int from = at;
    while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || "+-._".indexOf(text.charAt(at)) >= 0)) {
      at++;
    }
    String word = text.substring(from, at);
    return switch (word) {
      case "True" -> true;
      case "False" -> false;
      case "None" -> null;
      default -> !word.matches("[+-]?\\d+") ? (Object) Double.valueOf(word)
          : word.length() < 19 ? (Object) Long.valueOf(word) : new BigInteger(word);
    };
  }

  private void blanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private boolean closes(char end) {
    blanks();
    if (text.charAt(at) == end) {
      at++;
      return true;
    }
    return false;
  }

  private void comma(char end) {
    blanks();
    if (text.charAt(at) == ',') {
      at++;
    } else if (text.charAt(at) != end) {
      throw new IllegalArgumentException("a comma is missing");
    }
  }

  private void expect(char c) {
    blanks();
    if (text.charAt(at++) != c) {
      throw new IllegalArgumentException("'" + c + "' is missing");
    }
  }
}
