package io.swiftjvm.text.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Tokens inside one tag, up to and with its end. */
final class TagLexer {
  private static final List<String> OPERATORS = List.of(
      "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
      ".", ":", "|", ",");

  private final String source;
  private final boolean block;
  private final List<Token> tokens;
  private final Deque<Character> open = new ArrayDeque<>();
  private final int firstLine;
  private int at;
  private int line;

  TagLexer(String source, int start, int line, boolean block, List<Token> tokens) {
    this.source = source;
    this.at = start;
    this.line = line;
    this.firstLine = line;
    this.block = block;
    this.tokens = tokens;
  }

  /** Reads the tag and returns the index after it. */
  int run() {
    while (at < source.length()) {
      if (open.isEmpty() && closes()) {
        return at;
      }
      char c = source.charAt(at);
      if (Spaces.isSpace(c)) {
        line += c == '\n' ? 1 : 0;
        at++;
      } else {
        next(c);
      }
    }
    throw new JinjaError("a tag is not closed with '" + (block ? "%}" : "}}") + "'").at(firstLine);
  }

  private boolean closes() {
    String mark = block ? "%}" : "}}";
    char c = source.charAt(at);
    boolean signed = (c == '-' || (c == '+' && block)) && source.startsWith(mark, at + 1);
    if (!signed && !source.startsWith(mark, at)) {
      return false;
    }
    add(block ? Token.Kind.BLOCK_END : Token.Kind.PRINT_END, mark);
    at += signed ? 3 : 2;
    if (c == '-' && signed) {
      at = Spaces.skip(source, at);
    } else if (block && !signed && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
    return true;
  }

  private void next(char c) {
    if (c == '\'' || c == '"') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      at = NumberLexer.read(source, at, line, tokens);
    } else if (Character.isUnicodeIdentifierStart(source.codePointAt(at)) || c == '_') {
      name();
    } else {
      operator();
    }
  }

  private void string(char quote) {
    int start = at + 1;
    int end = start;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw new JinjaError("a string is not closed with " + quote).at(line);
    }
    String literal = source.substring(start, end);
    add(Token.Kind.STRING, StringLiterals.value(literal, line));
    line += (int) literal.chars().filter(c -> c == '\n').count();
    at = end + 1;
  }

  private void name() {
    int start = at;
    while (at < source.length() && Character.isUnicodeIdentifierPart(source.codePointAt(at))) {
      at += Character.charCount(source.codePointAt(at));
    }
    add(Token.Kind.NAME, source.substring(start, at));
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(operator.charAt(0));
        add(Token.Kind.OPERATOR, operator);
        at += operator.length();
        return;
      }
    }
    throw new JinjaError("unexpected character '" + Character.toString(source.codePointAt(at)) + "'").at(line);
  }

  private void balance(char c) {
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty() || open.pop() != c) {
          throw new JinjaError("unexpected '" + c + "'").at(line);
        }
      }
      default -> { }
    }
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }
}
