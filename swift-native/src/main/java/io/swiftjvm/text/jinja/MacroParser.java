package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Macros and call blocks. */
final class MacroParser {
  private static final Set<String> IMPLICIT = Set.of("varargs", "kwargs", "caller");

  private final TokenStream in;
  private final ExprParser expressions;
  private final Parser statements;

  MacroParser(TokenStream in, ExprParser expressions, Parser statements) {
    this.in = in;
    this.expressions = expressions;
    this.statements = statements;
  }

  Stmt macro(int line) {
    String name = in.expect(Token.Kind.NAME, "the name of the macro").text();
    List<String> parameters = new ArrayList<>();
    List<@Nullable Expr> defaults = new ArrayList<>();
    signature(parameters, defaults);
    return new Stmt.DefineMacro(code(name, parameters, defaults, "endmacro", line), line);
  }

  Stmt callBlock(int line) {
    List<String> parameters = new ArrayList<>();
    List<@Nullable Expr> defaults = new ArrayList<>();
    if (in.peek().isOperator("(")) {
      signature(parameters, defaults);
    }
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw new JinjaError("a call block needs a call, such as {% call macro() %}").at(line);
    }
    return new Stmt.CallBlock(code("caller", parameters, defaults, "endcall", line), call, line);
  }

  private void signature(List<String> parameters, List<@Nullable Expr> defaults) {
    in.expectOperator("(");
    while (!in.skipOperator(")")) {
      if (!parameters.isEmpty()) {
        in.expectOperator(",");
      }
      Token name = in.expect(Token.Kind.NAME, "the name of a parameter");
      boolean optional = in.skipOperator("=");
      if (!optional && !defaults.isEmpty() && defaults.getLast() != null) {
        throw new JinjaError("parameter '" + name.text() + "' without default follows one with default")
            .at(name.line());
      }
      parameters.add(name.text());
      defaults.add(optional ? expressions.expression() : null);
    }
  }

  private Stmt.MacroCode code(
      String name, List<String> parameters, List<@Nullable Expr> defaults, String end, int line) {
    expressions.collectNames();
    List<Stmt> body = statements.functionBody(end);
    Set<String> used = new HashSet<>(expressions.collectedNames());
    used.retainAll(IMPLICIT);
    return new Stmt.MacroCode(name, parameters, Collections.unmodifiableList(defaults), body, Set.copyOf(used), line);
  }
}
