package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Statements. Every node knows its line. */
sealed interface Stmt {
  int line();

  record Text(String text, int line) implements Stmt {}

  record Print(Expr value, int line) implements Stmt {}

  record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {}

  record Branch(Expr test, List<Stmt> body) {}

  record For(Target target, Expr items, @Nullable Expr test, boolean recursive, List<Stmt> body, List<Stmt> otherwise,
      int line) implements Stmt {}

  record Assign(Target target, Expr value, int line) implements Stmt {}

  record AssignBlock(Target target, Expr.@Nullable Filter filter, List<Stmt> body, int line) implements Stmt {}

  record DefineMacro(MacroCode macro, int line) implements Stmt {}

  record CallBlock(MacroCode caller, Expr.Call call, int line) implements Stmt {}

  record FilterBlock(Expr.Filter filter, List<Stmt> body, int line) implements Stmt {}

  record With(List<Target> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

  record Generation(List<Stmt> body, int line) implements Stmt {}

  record Break(int line) implements Stmt {}

  record Continue(int line) implements Stmt {}

  /** Where an assignment goes. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record Member(String namespace, String name) implements Target {}

    record Several(List<Target> parts) implements Target {}
  }

  /**
   * A macro or the body of a call block.
   *
   * @param defaults one per parameter, null where there is none
   * @param used which of the implicit names {@code varargs}, {@code kwargs} and {@code caller} the body reads
   */
  record MacroCode(String name, List<String> parameters, List<@Nullable Expr> defaults, List<Stmt> body,
      Set<String> used, int line) {}
}
