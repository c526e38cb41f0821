package io.swiftjvm.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that every template sees. */
final class Globals {
  private static final Map<String, Callable> FUNCTIONS = Map.of(
      "range", (run, args) -> range(args.bind("range", "start", "stop", "step")),
      "namespace", (run, args) -> {
        Namespace namespace = new Namespace();
        dict(run, args).forEach((key, value) -> namespace.members().put(Types.text(key), value));
        return namespace;
      },
      "dict", Globals::dict,
      "cycler", (run, args) -> new Cycler(args.positional()),
      "joiner", (run, args) -> joiner(args.bind("joiner", "sep").text(0, ", ")),
      "raise_exception", (run, args) -> {
        throw new JinjaError(Show.text(run, args.bind("raise_exception", "message").required(0)));
      },
      "strftime_now", (run, args) ->
          Strftime.format(run, args.bind("strftime_now", "format").text(0), run.clock()));

  private Globals() {}

  static void define(Scope scope) {
    FUNCTIONS.forEach(scope::set);
  }

  private static Range range(Arguments.Bound args) {
    long first = Types.integer(args.required(0));
    return args.has(1) ? new Range(first, args.integer(1, 0), args.integer(2, 1)) : new Range(0, first, 1);
  }

  private static Map<Object, Object> dict(Run run, Arguments args) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    if (args.positional().size() > 1) {
      throw new JinjaError("dict expected at most 1 argument, got " + args.positional().size());
    }
    for (Object source : args.positional()) {
      if (source instanceof Map<?, ?> map) {
        dict.putAll(map);
      } else {
        for (Object pair : Types.elements(run, source)) {
          List<Object> entry = Types.elements(run, pair);
          if (entry.size() != 2) {
            throw new JinjaError("dict() needs pairs, found " + entry.size() + " elements");
          }
          dict.put(Access.key(entry.getFirst()), entry.getLast());
        }
      }
    }
    dict.putAll(args.named());
    run.budget().tick(dict.size());
    return dict;
  }

  private static Callable joiner(String separator) {
    boolean[] used = {false};
    return (run, args) -> {
      String text = used[0] ? separator : "";
      used[0] = true;
      return text;
    };
  }
}
