package io.swiftjvm.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A macro with the scope that it was defined in. */
final class Macro implements Callable {
  private final Stmt.MacroCode code;
  private final Scope closure;
  private final Interpreter interpreter;

  Macro(Stmt.MacroCode code, Scope closure, Interpreter interpreter) {
    this.code = code;
    this.closure = closure;
    this.interpreter = interpreter;
  }

  String name() {
    return code.name();
  }

  @Nullable Object member(String name) {
    return switch (name) {
      case "name" -> code.name();
      case "arguments" -> new Tuple(List.copyOf(code.parameters()));
      case "catch_kwargs" -> code.used().contains("kwargs");
      case "catch_varargs" -> code.used().contains("varargs");
      case "caller" -> code.used().contains("caller");
      default -> null;
    };
  }

  @Override
  public Object call(Run run, Arguments arguments) {
    run.budget().enterCall();
    Scope scope = new Scope(closure);
    bind(scope, arguments);
    String text = interpreter.captured(code.body(), scope);
    run.budget().leaveCall();
    return text;
  }

  private void bind(Scope scope, Arguments arguments) {
    List<String> parameters = code.parameters();
    List<Object> given = arguments.positional();
    Map<Object, Object> rest = new LinkedHashMap<>(arguments.named());
    for (int i = 0; i < parameters.size(); i++) {
      String name = parameters.get(i);
      Object named = rest.remove(name);
      if (named != null && i < given.size()) {
        throw new JinjaError("macro '" + code.name() + "' got multiple values for argument '" + name + "'");
      }
      Object value = i < given.size() ? given.get(i) : named;
      scope.set(name, value == null ? missing(i, scope) : value);
    }
    Object caller = rest.remove("caller");
    if (caller != null && !code.used().contains("caller")) {
      throw new JinjaError("macro '" + code.name() + "' was called by a call block but does not use"
          + " caller()");
    }
    scope.set("caller", caller == null ? Undefined.because("No caller defined") : caller);
    extras(scope, rest, given.size() > parameters.size() ? given.subList(parameters.size(), given.size()) : List.of());
  }

  private void extras(Scope scope, Map<Object, Object> named, List<Object> positional) {
    Set<String> used = code.used();
    if (!named.isEmpty() && !used.contains("kwargs")) {
      throw new JinjaError("macro '" + code.name() + "' takes no keyword argument '"
          + named.keySet().iterator().next() + "'");
    }
    if (!positional.isEmpty() && !used.contains("varargs")) {
      throw new JinjaError("macro '" + code.name() + "' takes not more than " + code.parameters().size()
          + " argument(s)");
    }
    if (used.contains("kwargs")) {
      scope.set("kwargs", named);
    }
    if (used.contains("varargs")) {
      scope.set("varargs", new Tuple(positional));
    }
  }

  private Object missing(int index, Scope scope) {
    Expr standard = code.defaults().get(index);
    return standard == null ? Undefined.because("parameter '" + code.parameters().get(index) + "' was not provided")
        : interpreter.evaluate(standard, scope);
  }
}
