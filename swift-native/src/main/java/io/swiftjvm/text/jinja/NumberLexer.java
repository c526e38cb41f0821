package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Number literals with the grammar of Jinja. */
final class NumberLexer {
  private static final Pattern FLOAT = Pattern.compile(
      "\\d++(?:_\\d++)*+(?:\\.\\d++(?:_\\d++)*+(?:[eE][+-]?\\d++(?:_\\d++)*+)?|[eE][+-]?\\d++(?:_\\d++)*+)");
  private static final Pattern INTEGER = Pattern.compile(
      "0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[0-9a-fA-F])++|[1-9](?:_?\\d)*+|0(?:_?0)*+");

  private NumberLexer() {}

  /** Adds the number at {@code at} and returns the index after it. */
  static int read(String source, int at, int line, List<Token> tokens) {
    Matcher matcher = FLOAT.matcher(source).region(at, source.length());
    boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
    Token.Kind kind = Token.Kind.FLOAT;
    if (afterDot || !matcher.lookingAt()) {
      matcher.usePattern(INTEGER).region(at, source.length());
      kind = Token.Kind.INTEGER;
      if (!matcher.lookingAt()) {
        throw new JinjaError("malformed number").at(line);
      }
    }
    tokens.add(new Token(kind, matcher.group().replace("_", ""), line));
    return matcher.end();
  }

  static Object value(Token token) {
    String text = token.text();
    try {
      if (token.is(Token.Kind.FLOAT)) {
        return Double.valueOf(text);
      }
      int radix = text.length() < 2 ? 10 : switch (text.charAt(1)) {
        case 'b', 'B' -> 2;
        case 'o', 'O' -> 8;
        case 'x', 'X' -> 16;
        default -> 10;
      };
      return Long.valueOf(radix == 10 ? text : text.substring(2), radix);
    } catch (NumberFormatException e) {
      throw new JinjaError("number " + text + " is out of range").at(token.line());
    }
  }
}
