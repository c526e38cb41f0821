package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. */
final class Evaluator {
  private final Run run;

  Evaluator(Run run) {
    this.run = run;
  }

  Object evaluate(Expr expr, Scope scope) {
    try {
      run.budget().enter();
      Object value = dispatch(expr, scope);
      run.budget().leave();
      return value;
    } catch (JinjaError e) {
      throw e.at(expr.line());
    } catch (ArithmeticException e) {
      throw new JinjaError("number out of range").at(expr.line());
    }
  }

  boolean truth(Expr expr, Scope scope) {
    return Types.truth(evaluate(expr, scope));
  }

  private Object dispatch(Expr expr, Scope scope) {
    return switch (expr) {
      case Expr.Literal literal -> literal.value();
      case Expr.Name name -> scope.get(name.name());
      case Expr.ListOf list -> all(list.items(), scope);
      case Expr.TupleOf tuple -> new Tuple(all(tuple.items(), scope));
      case Expr.DictOf dict -> dict(dict, scope);
      case Expr.Not not -> !truth(not.operand(), scope);
      case Expr.Sign sign -> Arithmetic.sign(sign.negative(), evaluate(sign.operand(), scope));
      case Expr.And and -> {
        Object left = evaluate(and.left(), scope);
        yield Types.truth(left) ? evaluate(and.right(), scope) : left;
      }
      case Expr.Or or -> {
        Object left = evaluate(or.left(), scope);
        yield Types.truth(left) ? left : evaluate(or.right(), scope);
      }
      case Expr.Binary binary -> {
        Object left = evaluate(binary.left(), scope);
        yield Arithmetic.apply(run, binary.operator(), left, evaluate(binary.right(), scope));
      }
      case Expr.Concat concat -> concat(concat, scope);
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.Conditional conditional -> conditional(conditional, scope);
      case Expr.Attribute attribute -> Access.attribute(evaluate(attribute.target(), scope), attribute.name());
      case Expr.Item item -> Access.item(evaluate(item.target(), scope), evaluate(item.key(), scope));
      case Expr.Slice slice -> Access.slice(run, evaluate(slice.target(), scope), optional(slice.start(), scope),
          optional(slice.stop(), scope), optional(slice.step(), scope));
      case Expr.Call call -> run.call(evaluate(call.target(), scope), arguments(call.args(), scope));
      case Expr.Filter filter -> filter(filter, scope, "");
      case Expr.Test test -> Tests.find(test.name())
          .test(run, evaluate(test.target(), scope), arguments(test.args(), scope));
    };
  }

  private @Nullable Object optional(@Nullable Expr expr, Scope scope) {
    return expr == null ? null : evaluate(expr, scope);
  }

  private List<Object> all(List<Expr> exprs, Scope scope) {
    List<Object> values = new ArrayList<>(exprs.size());
    for (Expr expr : exprs) {
      values.add(evaluate(expr, scope));
    }
    return values;
  }

  private Map<Object, Object> dict(Expr.DictOf dict, Scope scope) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      Object key = Access.key(evaluate(dict.keys().get(i), scope));
      map.put(key, evaluate(dict.values().get(i), scope));
    }
    return map;
  }

  private String concat(Expr.Concat concat, Scope scope) {
    StringBuilder out = new StringBuilder();
    for (Expr part : concat.parts()) {
      out.append(Show.text(run, evaluate(part, scope)));
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length());
    return out.toString();
  }

  private boolean compare(Expr.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (int i = 0; i < compare.operators().size(); i++) {
      Object right = evaluate(compare.operands().get(i), scope);
      if (!Tests.compare(run, compare.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object conditional(Expr.Conditional conditional, Scope scope) {
    if (truth(conditional.test(), scope)) {
      return evaluate(conditional.then(), scope);
    }
    Expr otherwise = conditional.otherwise();
    return otherwise != null ? evaluate(otherwise, scope) : Undefined.because("the inline if-expression on line "
        + conditional.line() + " evaluated to false and no else section was defined.");
  }

  /** Applies a filter chain; {@code body} is what a chain without target starts from. */
  Object filter(Expr.Filter filter, Scope scope, String body) {
    Object value = switch (filter.target()) {
      case null -> body;
      case Expr.Filter inner -> filter(inner, scope, body);
      case Expr target -> evaluate(target, scope);
    };
    run.budget().tick();
    try {
      return Filters.find(filter.name()).apply(run, value, arguments(filter.args(), scope));
    } catch (JinjaError e) {
      throw e.at(filter.line());
    }
  }

  Arguments arguments(Expr.CallArgs args, Scope scope) {
    List<Object> positional = all(args.positional(), scope);
    Map<String, Object> named = new LinkedHashMap<>();
    args.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    if (args.star() != null) {
      positional.addAll(Types.elements(run, evaluate(args.star(), scope)));
    }
    if (args.doubleStar() != null) {
      if (!(evaluate(args.doubleStar(), scope) instanceof Map<?, ?> map)) {
        throw new JinjaError("argument after ** must be a mapping");
      }
      Types.map(map).forEach((name, value) -> named.put(Types.text(name), value));
    }
    return new Arguments(positional, named);
  }
}
