package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a template into text and tags with {@code trim_blocks} and {@code lstrip_blocks}, as the chat template
 * environment of transformers does.
 */
final class Lexer {
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> lex(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    return new Lexer(source).run();
  }

  private List<Token> run() {
    while (at < source.length()) {
      int open = nextTag(at);
      if (open < 0) {
        text(source.substring(at));
        at = source.length();
      } else {
        tag(open);
      }
    }
    tokens.add(new Token(Token.Kind.EOF, "", lineAt(source.length())));
    return tokens;
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
      char next = source.charAt(i + 1);
      if (next == '{' || next == '%' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  private void tag(int open) {
    char kind = source.charAt(open + 1);
    char sign = sign(open + 2);
    text(before(source.substring(at, open), sign, kind == '{'));
    int start = open + (sign == 0 ? 2 : 3);
    int raw = kind == '%' ? rawStart(start) : -1;
    if (raw >= 0) {
      raw(raw, open);
    } else if (kind == '#') {
      comment(start, open);
    } else {
      boolean block = kind == '%';
      int place = lineAt(open);
      tokens.add(new Token(block ? Token.Kind.BLOCK_BEGIN : Token.Kind.PRINT_BEGIN, block ? "{%" : "{{", place));
      at = new TagLexer(source, start, place, block, tokens).run();
    }
    lineStarting = source.charAt(at - 1) == '\n';
  }

  private char sign(int index) {
    char c = index < source.length() ? source.charAt(index) : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  /** The text before a tag without what the tag strips. */
  private String before(String text, char sign, boolean print) {
    if (sign == '-') {
      return Spaces.stripEnd(text);
    }
    if (sign == 0 && !print) {
      int lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || lineStarting) && Spaces.isBlank(text, lineStart)) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  private void text(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Token.Kind.DATA, text, lineAt(at)));
    }
  }

  private void comment(int start, int open) {
    int end = source.indexOf("#}", start);
    if (end < 0) {
      throw new JinjaError("a comment is not closed with '#}'").at(lineAt(open));
    }
    at = afterEnd(end + 2, end > start ? source.charAt(end - 1) : 0);
  }

  /** Where the next token starts after a closing mark that ends at {@code end} and had {@code sign} before it. */
  private int afterEnd(int end, char sign) {
    if (sign == '-') {
      return Spaces.skip(source, end);
    }
    return sign != '+' && end < source.length() && source.charAt(end) == '\n' ? end + 1 : end;
  }

  /** Index after the opening tag of a raw block, or -1 when the block at {@code start} is another one. */
  private int rawStart(int start) {
    int word = Spaces.skip(source, start);
    if (!source.startsWith("raw", word)) {
      return -1;
    }
    int end = Spaces.skip(source, word + 3);
    if (source.startsWith("-%}", end)) {
      return Spaces.skip(source, end + 3);
    }
    return source.startsWith("%}", end) ? end + 2 : -1;
  }

  private void raw(int start, int open) {
    for (int i = source.indexOf("{%", start); i >= 0; i = source.indexOf("{%", i + 2)) {
      char sign = sign(i + 2);
      int word = Spaces.skip(source, i + (sign == 0 ? 2 : 3));
      int end = source.startsWith("endraw", word) ? Spaces.skip(source, word + 6) : -1;
      char endSign = end < 0 ? 0 : sign(end);
      int close = endSign == 0 ? end : end + 1;
      if (end >= 0 && source.startsWith("%}", close)) {
        lineStarting = source.charAt(start - 1) == '\n';
        at = start;
        text(before(source.substring(start, i), sign, false));
        at = afterEnd(close + 2, endSign);
        return;
      }
    }
    throw new JinjaError("a raw block is not closed with '{% endraw %}'").at(lineAt(open));
  }

  private int lineAt(int index) {
    for (; counted < index; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }
}
