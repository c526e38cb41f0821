package io.swiftjvm.text.jinja;

import io.swiftjvm.text.jinja.Stmt.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Statements of a template. Inheritance and inclusion are refused: a chat template has no other files. */
final class Parser {
  private final TokenStream in;
  private final ExprParser expressions;
  private final MacroParser macros;
  private int loops;

  private Parser(TokenStream in) {
    this.in = in;
    this.expressions = new ExprParser(in);
    this.macros = new MacroParser(in, expressions, this);
  }

  static List<Stmt> parse(List<Token> tokens, int maxDepth) {
    TokenStream in = new TokenStream(tokens, maxDepth);
    List<Stmt> body = new Parser(in).body(Set.of());
    if (!in.peek().is(Token.Kind.EOF)) {
      throw in.unexpected("the end of the template");
    }
    return body;
  }

  /** Statements up to a tag that {@code ends} names, or up to the end; the cursor stays on that name. */
  List<Stmt> body(Set<String> ends) {
    in.enter();
    List<Stmt> body = new ArrayList<>();
    while (true) {
      Token token = in.peek();
      if (token.is(Token.Kind.DATA)) {
        body.add(new Stmt.Text(in.next().text(), token.line()));
      } else if (token.is(Token.Kind.PRINT_BEGIN)) {
        in.next();
        body.add(new Stmt.Print(expressions.tuple(true), token.line()));
        in.expect(Token.Kind.PRINT_END, "the end of the expression '}}'");
      } else if (token.is(Token.Kind.BLOCK_BEGIN)) {
        in.next();
        if (in.peek().is(Token.Kind.NAME) && ends.contains(in.peek().text())) {
          in.leave();
          return body;
        }
        body.add(statement());
        in.expect(Token.Kind.BLOCK_END, "the end of the tag '%}'");
      } else if (ends.isEmpty()) {
        in.leave();
        return body;
      } else {
        throw in.unexpected("one of " + ends.stream().sorted().toList());
      }
    }
  }

  /** The body after the end of this tag, up to and with the name {@code end}. */
  List<Stmt> bodyUntil(String end) {
    in.expect(Token.Kind.BLOCK_END, "the end of the tag '%}'");
    List<Stmt> body = body(Set.of(end));
    in.next();
    return body;
  }

  /** A body that is a function of its own, so that no loop around it can be left from inside. */
  List<Stmt> functionBody(String end) {
    int outer = loops;
    loops = 0;
    List<Stmt> body = bodyUntil(end);
    loops = outer;
    return body;
  }

  private Stmt statement() {
    Token tag = in.expect(Token.Kind.NAME, "the name of a statement");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> conditional(line);
      case "for" -> loop(line);
      case "set" -> assignment(line);
      case "macro" -> macros.macro(line);
      case "call" -> macros.callBlock(line);
      case "filter" -> new Stmt.FilterBlock(filterChain(expressions.filterName(null)), bodyUntil("endfilter"), line);
      case "with" -> with(line);
      case "generation" -> new Stmt.Generation(functionBody("endgeneration"), line);
      case "break" -> new Stmt.Break(inLoop(tag));
      case "continue" -> new Stmt.Continue(inLoop(tag));
      case "include", "import", "from", "extends", "block", "autoescape", "do" -> throw new JinjaError(
          "statement '" + tag.text() + "' is not allowed in a chat template").at(line);
      default -> throw new JinjaError("unknown statement '" + tag.text() + "'").at(line);
    };
  }

  private int inLoop(Token tag) {
    if (loops == 0) {
      throw new JinjaError("'" + tag.text() + "' outside of a loop").at(tag.line());
    }
    return tag.line();
  }

  private Stmt conditional(int line) {
    List<Stmt.Branch> branches = new ArrayList<>();
    List<Stmt> otherwise = List.of();
    String tag = "elif";
    while (tag.equals("elif")) {
      Expr test = expressions.tuple(false);
      in.expect(Token.Kind.BLOCK_END, "the end of the tag '%}'");
      branches.add(new Stmt.Branch(test, body(Set.of("elif", "else", "endif"))));
      tag = in.next().text();
    }
    if (tag.equals("else")) {
      otherwise = bodyUntil("endif");
    }
    return new Stmt.If(branches, otherwise, line);
  }

  private Stmt loop(int line) {
    Target target = target(false);
    if (!in.skipName("in")) {
      throw in.unexpected("'in'");
    }
    Expr items = expressions.tuple(false);
    Expr test = in.skipName("if") ? expressions.expression() : null;
    boolean recursive = in.skipName("recursive");
    in.expect(Token.Kind.BLOCK_END, "the end of the tag '%}'");
    loops++;
    List<Stmt> body = body(Set.of("endfor", "else"));
    loops--;
    List<Stmt> otherwise = in.next().text().equals("else") ? bodyUntil("endfor") : List.of();
    return new Stmt.For(target, items, test, recursive, body, otherwise, line);
  }

  private Stmt assignment(int line) {
    Target target = target(true);
    if (in.skipOperator("=")) {
      return new Stmt.Assign(target, expressions.tuple(true), line);
    }
    Expr.@Nullable Filter filter = in.peek().isOperator("|") ? filterChain(expressions.filter(null)) : null;
    return new Stmt.AssignBlock(target, filter, bodyUntil("endset"), line);
  }

  private Expr.Filter filterChain(Expr.Filter first) {
    Expr.Filter filter = first;
    while (in.peek().isOperator("|")) {
      filter = expressions.filter(filter);
    }
    return filter;
  }

  private Stmt with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!in.peek().is(Token.Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        in.expectOperator(",");
      }
      targets.add(singleTarget(false));
      in.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Stmt.With(targets, values, bodyUntil("endwith"), line);
  }

  private Target target(boolean withNamespace) {
    Target first = singleTarget(withNamespace);
    if (!in.peek().isOperator(",")) {
      return first;
    }
    List<Target> parts = new ArrayList<>(List.of(first));
    while (in.skipOperator(",") && (in.peek().is(Token.Kind.NAME) || in.peek().isOperator("("))) {
      parts.add(singleTarget(withNamespace));
    }
    return new Target.Several(parts);
  }

  private Target singleTarget(boolean withNamespace) {
    if (in.skipOperator("(")) {
      in.enter();
      Target inner = target(withNamespace);
      in.leave();
      in.expectOperator(")");
      return inner;
    }
    Token name = in.expect(Token.Kind.NAME, "the name of a variable");
    if (withNamespace && in.skipOperator(".")) {
      expressions.noteName(name.text());
      return new Target.Member(name.text(), in.expect(Token.Kind.NAME, "a name after '.'").text());
    }
    switch (name.text()) {
      case "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else" ->
          throw new JinjaError("cannot assign to '" + name.text() + "'").at(name.line());
      default -> { }
    }
    return new Target.Variable(name.text());
  }
}
