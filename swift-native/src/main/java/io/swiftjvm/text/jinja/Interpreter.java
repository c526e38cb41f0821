package io.swiftjvm.text.jinja;

import io.swiftjvm.text.jinja.Stmt.Target;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Executes statements. */
final class Interpreter {
  /** How a statement ends. */
  private enum Flow { NEXT, BREAK, CONTINUE }

  private final Run run;
  private final Evaluator evaluator;

  Interpreter(Run run) {
    this.run = run;
    this.evaluator = new Evaluator(run);
  }

  Object evaluate(Expr expr, Scope scope) {
    return evaluator.evaluate(expr, scope);
  }

  /** What the statements write. */
  String captured(List<Stmt> body, Scope scope) {
    run.output().capture();
    execute(body, scope);
    return run.output().captured();
  }

  void run(List<Stmt> body, Scope scope) {
    execute(body, scope);
  }

  private Flow execute(List<Stmt> body, Scope scope) {
    for (Stmt statement : body) {
      Flow flow = execute(statement, scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow execute(Stmt statement, Scope scope) {
    try {
      run.budget().enter();
      Flow flow = dispatch(statement, scope);
      run.budget().leave();
      return flow;
    } catch (JinjaError e) {
      throw e.at(statement.line());
    }
  }

  private Flow dispatch(Stmt statement, Scope scope) {
    switch (statement) {
      case Stmt.Text text -> run.output().write(text.text());
      case Stmt.Print print -> run.output().write(Show.text(run, evaluate(print.value(), scope)));
      case Stmt.If conditional -> {
        return conditional(conditional, scope);
      }
      case Stmt.For loop -> loop(loop, scope, evaluate(loop.items(), scope), 0);
      case Stmt.Assign assign -> assign(assign.target(), evaluate(assign.value(), scope), scope);
      case Stmt.AssignBlock block -> {
        String body = captured(block.body(), new Scope(scope));
        Object value = block.filter() == null ? body : evaluator.filter(block.filter(), scope, body);
        assign(block.target(), value, scope);
      }
      case Stmt.DefineMacro macro -> scope.set(macro.macro().name(), new Macro(macro.macro(), scope, this));
      case Stmt.CallBlock block -> callBlock(block, scope);
      case Stmt.FilterBlock block -> run.output().write(Show.text(run,
          evaluator.filter(block.filter(), scope, captured(block.body(), new Scope(scope)))));
      case Stmt.With with -> {
        return with(with, scope);
      }
      case Stmt.Generation generation -> {
        int start = run.output().position();
        String body = captured(generation.body(), new Scope(scope));
        run.output().mark(start, body);
        run.output().write(body);
      }
      case Stmt.Break end -> {
        return Flow.BREAK;
      }
      case Stmt.Continue next -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  private Flow conditional(Stmt.If conditional, Scope scope) {
    for (Stmt.Branch branch : conditional.branches()) {
      if (evaluator.truth(branch.test(), scope)) {
        return execute(branch.body(), scope);
      }
    }
    return execute(conditional.otherwise(), scope);
  }

  private Flow with(Stmt.With with, Scope scope) {
    Scope inner = new Scope(scope);
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner);
    }
    return execute(with.body(), inner);
  }

  private void callBlock(Stmt.CallBlock block, Scope scope) {
    Arguments args = evaluator.arguments(block.call().args(), scope);
    Map<String, Object> named = new LinkedHashMap<>(args.named());
    named.put("caller", new Macro(block.caller(), scope, this));
    Object function = evaluate(block.call().target(), scope);
    Object result = run.call(function, new Arguments(args.positional(), named));
    run.output().write(Show.text(run, result));
  }

  private void loop(Stmt.For loop, Scope scope, Object items, int depth) {
    Iterator<Object> filtered = new LoopItems(Types.elements(run, items).iterator(), item -> passes(loop, item, scope));
    Callable recursion = loop.recursive() ? (caller, args) -> recurse(loop, scope, args, depth + 1) : null;
    LoopState state = new LoopState(run, filtered, depth, recursion);
    boolean entered = false;
    for (Object item = state.advance(); item != null; item = state.advance()) {
      run.budget().tick();
      Scope inner = new Scope(scope);
      inner.set("loop", state);
      assign(loop.target(), item, inner);
      Flow flow = execute(loop.body(), inner);
      // As in Jinja: the else branch runs unless one pass got to its end.
      entered |= flow == Flow.NEXT;
      if (flow == Flow.BREAK) {
        break;
      }
    }
    if (!entered) {
      execute(loop.otherwise(), new Scope(scope));
    }
  }

  private boolean passes(Stmt.For loop, Object item, Scope scope) {
    Expr test = loop.test();
    if (test == null) {
      return true;
    }
    Scope inner = new Scope(scope);
    assign(loop.target(), item, inner);
    return evaluator.truth(test, inner);
  }

  private Object recurse(Stmt.For loop, Scope scope, Arguments args, int depth) {
    run.budget().enterCall();
    run.output().capture();
    loop(loop, scope, args.bind("loop", "iterable").required(0), depth);
    run.budget().leaveCall();
    return run.output().captured();
  }

  private void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Target.Variable variable -> scope.set(variable.name(), value);
      case Target.Member member -> {
        if (!(scope.get(member.namespace()) instanceof Namespace namespace)) {
          throw new JinjaError("cannot assign attribute on non-namespace object");
        }
        namespace.members().put(member.name(), value);
      }
      case Target.Several several -> {
        List<Object> values = Types.elements(run, value);
        int wanted = several.parts().size();
        if (values.size() != wanted) {
          throw new JinjaError(values.size() > wanted ? "too many values to unpack (expected " + wanted + ")"
              : "not enough values to unpack (expected " + wanted + ", got " + values.size() + ")");
        }
        for (int i = 0; i < wanted; i++) {
          assign(several.parts().get(i), values.get(i), scope);
        }
      }
    }
  }
}
