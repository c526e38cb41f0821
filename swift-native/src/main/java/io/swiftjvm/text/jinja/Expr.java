package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions. Every node knows its line. */
sealed interface Expr {
  int line();

  record Literal(Object value, int line) implements Expr {}

  record Name(String name, int line) implements Expr {}

  record ListOf(List<Expr> items, int line) implements Expr {}

  record TupleOf(List<Expr> items, int line) implements Expr {}

  record DictOf(List<Expr> keys, List<Expr> values, int line) implements Expr {}

  record Not(Expr operand, int line) implements Expr {}

  record Sign(boolean negative, Expr operand, int line) implements Expr {}

  record And(Expr left, Expr right, int line) implements Expr {}

  record Or(Expr left, Expr right, int line) implements Expr {}

  record Binary(String operator, Expr left, Expr right, int line) implements Expr {}

  record Concat(List<Expr> parts, int line) implements Expr {}

  /** {@code first operators[0] operands[0] operators[1] ...}, each pair compared as in Python. */
  record Compare(Expr first, List<String> operators, List<Expr> operands, int line) implements Expr {}

  record Conditional(Expr test, Expr then, @Nullable Expr otherwise, int line) implements Expr {}

  record Attribute(Expr target, String name, int line) implements Expr {}

  record Item(Expr target, Expr key, int line) implements Expr {}

  record Slice(Expr target, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step, int line)
      implements Expr {}

  record Call(Expr target, CallArgs args, int line) implements Expr {}

  /** A filter; the target of a filter block is the text of its body, given as {@code null}. */
  record Filter(@Nullable Expr target, String name, CallArgs args, int line) implements Expr {}

  record Test(Expr target, String name, CallArgs args, int line) implements Expr {}

  /** Arguments as written. */
  record CallArgs(
      List<Expr> positional, Map<String, Expr> named, @Nullable Expr star, @Nullable Expr doubleStar) {
    static final CallArgs NONE = new CallArgs(List.of(), Map.of(), null, null);
  }
}
