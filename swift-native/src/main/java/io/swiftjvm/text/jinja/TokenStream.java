package io.swiftjvm.text.jinja;

import java.util.List;

/** The tokens of a template with a place in them, and the nesting depth of the parse. */
final class TokenStream {
  private final List<Token> tokens;
  private final int maxDepth;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens, int maxDepth) {
    this.tokens = tokens;
    this.maxDepth = maxDepth;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekNext() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String name) {
    return skipIf(peek().isName(name));
  }

  boolean skipOperator(String operator) {
    return skipIf(peek().isOperator(operator));
  }

  private boolean skipIf(boolean found) {
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  Token expect(Token.Kind kind, String wanted) {
    if (!peek().is(kind)) {
      throw unexpected(wanted);
    }
    return next();
  }

  JinjaError unexpected(String wanted) {
    return new JinjaError("expected " + wanted + ", found " + peek().shown()).at(peek().line());
  }

  void enter() {
    if (++depth > maxDepth) {
      throw new JinjaError("the template nests deeper than " + maxDepth + " levels").at(peek().line());
    }
  }

  void leave() {
    depth--;
  }
}
