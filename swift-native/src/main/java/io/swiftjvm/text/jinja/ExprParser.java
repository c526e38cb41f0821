package io.swiftjvm.text.jinja;

import io.swiftjvm.text.jinja.Expr.CallArgs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Expressions with the precedence of Jinja: conditional, or, and, not, comparison, + -, ~, * / // %, **, sign. */
final class ExprParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
  private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and", "if", "is", "in", "not");

  private final TokenStream in;
  private final PrimaryParser primary;
  private final Deque<Set<String>> readNames = new ArrayDeque<>();

  ExprParser(TokenStream in) {
    this.in = in;
    this.primary = new PrimaryParser(in, this);
  }

  /** Starts to collect the names that expressions read. */
  void collectNames() {
    readNames.push(new HashSet<>());
  }

  /** Ends the collection and returns it; outer collections get the names too. */
  Set<String> collectedNames() {
    Set<String> names = readNames.pop();
    if (!readNames.isEmpty()) {
      readNames.getFirst().addAll(names);
    }
    return names;
  }

  void noteName(String name) {
    if (!readNames.isEmpty()) {
      readNames.getFirst().add(name);
    }
  }

  Expr expression() {
    in.enter();
    Expr value = or();
    while (in.peek().isName("if")) {
      int line = in.next().line();
      Expr test = or();
      Expr otherwise = in.skipName("else") ? expression() : null;
      value = new Expr.Conditional(test, value, otherwise, line);
    }
    in.leave();
    return value;
  }

  /** One expression or, with commas, a tuple. {@code conditional} says whether {@code a if b} may be in it. */
  Expr tuple(boolean conditional) {
    Expr first = conditional ? expression() : or();
    if (!in.peek().isOperator(",")) {
      return first;
    }
    List<Expr> items = new ArrayList<>(List.of(first));
    while (in.skipOperator(",")) {
      if (endsTuple()) {
        break;
      }
      items.add(conditional ? expression() : or());
    }
    return new Expr.TupleOf(items, first.line());
  }

  private boolean endsTuple() {
    Token token = in.peek();
    return token.is(Token.Kind.BLOCK_END) || token.is(Token.Kind.PRINT_END) || token.isOperator(")")
        || token.isName("recursive");
  }

  private Expr or() {
    Expr left = and();
    while (in.peek().isName("or")) {
      int line = in.next().line();
      left = new Expr.Or(left, and(), line);
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (in.peek().isName("and")) {
      int line = in.next().line();
      left = new Expr.And(left, not(), line);
    }
    return left;
  }

  private Expr not() {
    if (!in.peek().isName("not")) {
      return comparison();
    }
    int line = in.next().line();
    in.enter();
    Expr operand = not();
    in.leave();
    return new Expr.Not(operand, line);
  }

  private Expr comparison() {
    Expr first = sum();
    List<String> operators = new ArrayList<>();
    List<Expr> operands = new ArrayList<>();
    for (String operator = comparisonOperator(); operator != null; operator = comparisonOperator()) {
      operators.add(operator);
      operands.add(sum());
    }
    return operators.isEmpty() ? first : new Expr.Compare(first, operators, operands, first.line());
  }

  private @Nullable String comparisonOperator() {
    Token token = in.peek();
    if (token.is(Token.Kind.OPERATOR) && COMPARISONS.contains(token.text())) {
      return in.next().text();
    }
    if (in.skipName("in")) {
      return "in";
    }
    if (token.isName("not") && in.peekNext().isName("in")) {
      in.next();
      in.next();
      return "not in";
    }
    return null;
  }

  private Expr sum() {
    Expr left = concat();
    while (in.peek().isOperator("+") || in.peek().isOperator("-")) {
      Token operator = in.next();
      left = new Expr.Binary(operator.text(), left, concat(), operator.line());
    }
    return left;
  }

  private Expr concat() {
    Expr first = product();
    if (!in.peek().isOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (in.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(parts, first.line());
  }

  private Expr product() {
    Expr left = power();
    while (in.peek().is(Token.Kind.OPERATOR) && PRODUCTS.contains(in.peek().text())) {
      Token operator = in.next();
      left = new Expr.Binary(operator.text(), left, power(), operator.line());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    while (in.peek().isOperator("**")) {
      int line = in.next().line();
      left = new Expr.Binary("**", left, unary(true), line);
    }
    return left;
  }

  private Expr unary(boolean withFilter) {
    Token token = in.peek();
    Expr node;
    if (token.isOperator("-") || token.isOperator("+")) {
      in.next();
      in.enter();
      node = new Expr.Sign(token.text().equals("-"), unary(false), token.line());
      in.leave();
    } else {
      node = primary.primary();
    }
    node = primary.postfix(node);
    return withFilter ? filters(node) : node;
  }

  private Expr filters(Expr start) {
    Expr node = start;
    while (true) {
      Token token = in.peek();
      if (token.isOperator("|")) {
        node = filter(node);
      } else if (token.isName("is")) {
        node = test(node);
      } else if (token.isOperator("(")) {
        node = new Expr.Call(node, primary.arguments(), token.line());
      } else {
        return node;
      }
    }
  }

  /** One filter, from its {@code |} on. */
  Expr.Filter filter(@Nullable Expr target) {
    in.expectOperator("|");
    return filterName(target);
  }

  /** One filter, from its name on. */
  Expr.Filter filterName(@Nullable Expr target) {
    Token name = in.expect(Token.Kind.NAME, "the name of a filter");
    CallArgs args = in.peek().isOperator("(") ? primary.arguments() : CallArgs.NONE;
    return new Expr.Filter(target, name.text(), args, name.line());
  }

  private Expr test(Expr target) {
    in.next();
    boolean negated = in.skipName("not");
    Token name = in.expect(Token.Kind.NAME, "the name of a test");
    CallArgs args = CallArgs.NONE;
    if (in.peek().isOperator("(")) {
      args = primary.arguments();
    } else if (startsTestArgument(in.peek())) {
      Expr argument = primary.postfix(primary.primary());
      args = new CallArgs(List.of(argument), CallArgs.NONE.named(), null, null);
    }
    Expr test = new Expr.Test(target, name.text(), args, name.line());
    return negated ? new Expr.Not(test, name.line()) : test;
  }

  private static boolean startsTestArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }
}
