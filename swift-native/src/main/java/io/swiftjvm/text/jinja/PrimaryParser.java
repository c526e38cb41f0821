package io.swiftjvm.text.jinja;

import io.swiftjvm.text.jinja.Expr.CallArgs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Literals, names, brackets, and what follows them: attributes, subscripts, calls. */
final class PrimaryParser {
  private final TokenStream in;
  private final ExprParser expressions;

  PrimaryParser(TokenStream in, ExprParser expressions) {
    this.in = in;
    this.expressions = expressions;
  }

  Expr primary() {
    Token token = in.peek();
    return switch (token.kind()) {
      case NAME -> name(in.next());
      case STRING -> string();
      case INTEGER, FLOAT -> new Expr.Literal(NumberLexer.value(in.next()), token.line());
      case OPERATOR -> switch (token.text()) {
        case "(" -> parentheses();
        case "[" -> new Expr.ListOf(items("[", "]"), token.line());
        case "{" -> dict();
        default -> throw in.unexpected("an expression");
      };
      default -> throw in.unexpected("an expression");
    };
  }

  private Expr name(Token token) {
    return switch (token.text()) {
      case "true", "True" -> new Expr.Literal(true, token.line());
      case "false", "False" -> new Expr.Literal(false, token.line());
      case "none", "None" -> new Expr.Literal(None.NONE, token.line());
      default -> {
        expressions.noteName(token.text());
        yield new Expr.Name(token.text(), token.line());
      }
    };
  }

  private Expr string() {
    Token first = in.next();
    StringBuilder text = new StringBuilder(first.text());
    while (in.peek().is(Token.Kind.STRING)) {
      text.append(in.next().text());
    }
    return new Expr.Literal(text.toString(), first.line());
  }

  private Expr parentheses() {
    int line = in.next().line();
    if (in.skipOperator(")")) {
      return new Expr.TupleOf(List.of(), line);
    }
    Expr value = expressions.tuple(true);
    in.expectOperator(")");
    return value;
  }

  private List<Expr> items(String open, String close) {
    in.expectOperator(open);
    List<Expr> items = new ArrayList<>();
    while (!in.skipOperator(close)) {
      if (!items.isEmpty()) {
        in.expectOperator(",");
        if (in.skipOperator(close)) {
          break;
        }
      }
      items.add(expressions.expression());
    }
    return items;
  }

  private Expr dict() {
    int line = in.next().line();
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!in.skipOperator("}")) {
      if (!keys.isEmpty()) {
        in.expectOperator(",");
        if (in.skipOperator("}")) {
          break;
        }
      }
      keys.add(expressions.expression());
      in.expectOperator(":");
      values.add(expressions.expression());
    }
    return new Expr.DictOf(keys, values, line);
  }

  Expr postfix(Expr start) {
    Expr node = start;
    while (true) {
      Token token = in.peek();
      if (token.isOperator(".")) {
        in.next();
        node = member(node, token.line());
      } else if (token.isOperator("[")) {
        in.next();
        node = subscript(node, token.line());
      } else if (token.isOperator("(")) {
        node = new Expr.Call(node, arguments(), token.line());
      } else {
        return node;
      }
    }
  }

  private Expr member(Expr target, int line) {
    if (in.peek().is(Token.Kind.INTEGER)) {
      return new Expr.Item(target, new Expr.Literal(NumberLexer.value(in.next()), line), line);
    }
    return new Expr.Attribute(target, in.expect(Token.Kind.NAME, "a name or number after '.'").text(), line);
  }

  private Expr subscript(Expr target, int line) {
    @Nullable Expr start = in.peek().isOperator(":") ? null : expressions.expression();
    if (start != null && !in.peek().isOperator(":")) {
      List<Expr> keys = new ArrayList<>(List.of(start));
      while (in.skipOperator(",")) {
        keys.add(expressions.expression());
      }
      in.expectOperator("]");
      return new Expr.Item(target, keys.size() == 1 ? start : new Expr.TupleOf(keys, line), line);
    }
    in.expectOperator(":");
    Expr stop = sliceBound();
    Expr step = in.skipOperator(":") ? sliceBound() : null;
    in.expectOperator("]");
    return new Expr.Slice(target, start, stop, step, line);
  }

  private @Nullable Expr sliceBound() {
    boolean absent = in.peek().isOperator(":") || in.peek().isOperator("]");
    return absent ? null : expressions.expression();
  }

  CallArgs arguments() {
    in.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    Map<String, Expr> named = new LinkedHashMap<>();
    @Nullable Expr star = null;
    @Nullable Expr doubleStar = null;
    boolean first = true;
    while (!in.skipOperator(")")) {
      if (!first) {
        in.expectOperator(",");
        if (in.skipOperator(")")) {
          break;
        }
      }
      first = false;
      Token token = in.peek();
      if (star == null && in.skipOperator("*")) {
        star = expressions.expression();
      } else if (doubleStar == null && in.skipOperator("**")) {
        doubleStar = expressions.expression();
      } else if (token.is(Token.Kind.NAME) && in.peekNext().isOperator("=")) {
        in.next();
        in.next();
        if (named.put(token.text(), expressions.expression()) != null) {
          throw new JinjaError("argument '" + token.text() + "' is given twice").at(token.line());
        }
      } else if (named.isEmpty() && star == null && doubleStar == null) {
        positional.add(expressions.expression());
      } else {
        throw in.unexpected("a named argument");
      }
    }
    return new CallArgs(positional, named, star, doubleStar);
  }
}
