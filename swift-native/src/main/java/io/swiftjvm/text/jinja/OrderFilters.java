package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Filters that order, group, deduplicate or sum. */
final class OrderFilters {
  static final Map<String, Filters.Filter> FILTERS = Map.of(
      "sort", OrderFilters::sort,
      "dictsort", OrderFilters::dictsort,
      "unique", OrderFilters::unique,
      "min", (run, value, args) -> extreme(run, value, args, "min"),
      "max", (run, value, args) -> extreme(run, value, args, "max"),
      "sum", OrderFilters::sum,
      "groupby", OrderFilters::groupby);

  private OrderFilters() {}

  /** The sort key: an attribute or the element, in lower case unless case matters. */
  private static Function<Object, Object> key(Object attribute, boolean caseSensitive) {
    return item -> {
      Object value = attribute == None.NONE ? item : path(item, attribute);
      return fold(value, caseSensitive);
    };
  }

  private static Object path(Object item, Object attribute) {
    if (attribute instanceof String several && several.contains(",")) {
      List<Object> parts = new ArrayList<>();
      for (String one : several.split(",", -1)) {
        parts.add(Paths.get(item, one));
      }
      return parts;
    }
    return Paths.get(item, attribute);
  }

  private static Object fold(Object value, boolean caseSensitive) {
    if (caseSensitive) {
      return value;
    }
    return switch (value) {
      case String text -> Cases.lower(text);
      case Tuple tuple -> tuple;
      case List<?> parts -> Types.list(parts).stream().map(part -> fold(part, false)).toList();
      default -> value;
    };
  }

  private static Object sort(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    return Order.sorted(run, Types.elements(run, value), key(args.or(2, None.NONE), args.flag(1, false)),
        args.flag(0, false));
  }

  private static Object dictsort(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    if (!(value instanceof Map<?, ?> map)) {
      throw new JinjaError("dictsort needs a mapping, found " + Types.name(value));
    }
    long by = switch (args.text(1, "key")) {
      case "key" -> 0;
      case "value" -> 1;
      default -> throw new JinjaError("You can only sort by either \"key\" or \"value\"");
    };
    return Order.sorted(run, DictMethods.items(run, Types.map(map)), key(by, args.flag(0, false)),
        args.flag(2, false));
  }

  private static Object unique(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("unique", "case_sensitive", "attribute");
    Function<Object, Object> key = key(args.or(1, None.NONE), args.flag(0, false));
    List<Object> seen = new ArrayList<>();
    List<Object> result = new ArrayList<>();
    for (Object item : Types.elements(run, value)) {
      Object mark = key.apply(item);
      if (!Order.contains(run, seen, mark)) {
        seen.add(mark);
        result.add(item);
      }
    }
    return result;
  }

  private static Object extreme(Run run, Object value, Arguments arguments, String name) {
    Arguments.Bound args = arguments.bind(name, "case_sensitive", "attribute");
    Function<Object, Object> key = key(args.or(1, None.NONE), args.flag(0, false));
    List<Object> items = Types.elements(run, value);
    if (items.isEmpty()) {
      return Undefined.because("No aggregated item, sequence was empty.");
    }
    Object best = items.getFirst();
    for (Object item : items) {
      int order = Order.compare(run, key.apply(item), key.apply(best), name.equals("min") ? "<" : ">");
      if (name.equals("min") ? order < 0 : order > 0) {
        best = item;
      }
    }
    return best;
  }

  private static Object sum(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("sum", "attribute", "start");
    Object attribute = args.or(0, None.NONE);
    Object total = args.or(1, 0L);
    for (Object item : Types.elements(run, value)) {
      total = Arithmetic.apply(run, "+", total, attribute == None.NONE ? item : path(item, attribute));
    }
    return total;
  }

  private static Object groupby(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("groupby", "attribute", "default", "case_sensitive");
    Function<Object, Object> plain = item -> {
      Object found = path(item, args.required(0));
      return found instanceof Undefined ? args.or(1, found) : found;
    };
    boolean caseSensitive = args.flag(2, false);
    Function<Object, Object> key = item -> fold(plain.apply(item), caseSensitive);
    List<Object> groups = new ArrayList<>();
    List<Object> members = new ArrayList<>();
    for (Object item : Order.sorted(run, Types.elements(run, value), key, false)) {
      if (!members.isEmpty() && !Order.same(run, key.apply(members.getFirst()), key.apply(item))) {
        groups.add(Tuple.of(plain.apply(members.getFirst()), List.copyOf(members)));
        members.clear();
      }
      members.add(item);
    }
    if (!members.isEmpty()) {
      groups.add(Tuple.of(plain.apply(members.getFirst()), List.copyOf(members)));
    }
    return groups;
  }
}
