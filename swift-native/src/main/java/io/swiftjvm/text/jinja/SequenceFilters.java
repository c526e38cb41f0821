package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Filters over sequences, and {@code default}. */
final class SequenceFilters {
  static final Map<String, Filters.Filter> FILTERS = new HashMap<>();

  static {
    FILTERS.put("length", SequenceFilters::length);
    FILTERS.put("count", SequenceFilters::length);
    FILTERS.put("default", SequenceFilters::fallback);
    FILTERS.put("d", SequenceFilters::fallback);
    FILTERS.put("list", (run, value, args) -> {
      args.bind("list");
      return new ArrayList<>(Types.elements(run, value));
    });
    FILTERS.put("first", (run, value, args) -> edge(run, value, args, "first"));
    FILTERS.put("last", (run, value, args) -> edge(run, value, args, "last"));
    FILTERS.put("reverse", SequenceFilters::reverse);
    FILTERS.put("join", SequenceFilters::join);
    FILTERS.put("items", SequenceFilters::items);
    FILTERS.put("batch", SequenceFilters::batch);
    FILTERS.put("slice", SequenceFilters::slice);
    FILTERS.put("attr", (run, value, args) -> {
      String name = args.bind("attr", "name").text(0);
      return value instanceof Map ? Undefined.attribute(value, name) : Access.attribute(value, name);
    });
  }

  private SequenceFilters() {}

  static Object length(Run run, Object value, Arguments args) {
    args.bind("length");
    return switch (value) {
      case String text -> (long) Texts.length(text);
      case List<?> list -> (long) list.size();
      case Map<?, ?> map -> (long) map.size();
      case Undefined undefined -> 0L;
      default -> throw new JinjaError("object of type '" + Types.name(value) + "' has no len()");
    };
  }

  private static Object fallback(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("default", "default_value", "boolean");
    boolean absent = value instanceof Undefined || (args.flag(1, false) && !Types.truth(value));
    return absent ? args.or(0, "") : value;
  }

  private static Object edge(Run run, Object value, Arguments args, String name) {
    args.bind(name);
    List<Object> items = Types.elements(run, value);
    if (items.isEmpty()) {
      return Undefined.because("No " + name + " item, sequence was empty.");
    }
    return name.equals("first") ? items.getFirst() : items.getLast();
  }

  private static Object reverse(Run run, Object value, Arguments args) {
    args.bind("reverse");
    if (value instanceof String text) {
      run.budget().text(text.length());
      int[] points = text.codePoints().toArray();
      StringBuilder out = new StringBuilder(text.length());
      for (int i = points.length - 1; i >= 0; i--) {
        out.appendCodePoint(points[i]);
      }
      return out.toString();
    }
    List<Object> items = new ArrayList<>(Types.elements(run, value));
    Collections.reverse(items);
    return items;
  }

  private static Object join(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("join", "d", "attribute");
    String separator = Show.text(run, args.or(0, ""));
    StringBuilder out = new StringBuilder();
    String between = "";
    for (Object item : Types.elements(run, value)) {
      Object shown = args.has(1) ? Paths.get(item, args.required(1)) : item;
      out.append(between).append(Show.text(run, shown));
      between = separator;
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length());
    return out.toString();
  }

  private static Object items(Run run, Object value, Arguments args) {
    args.bind("items");
    return switch (value) {
      case Undefined undefined -> List.of();
      case Map<?, ?> map -> DictMethods.items(run, Types.map(map));
      default -> throw new JinjaError("Can only get item pairs from a mapping.");
    };
  }

  private static Object batch(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("batch", "linecount", "fill_with");
    int size = Math.clamp(Types.integer(args.required(0)), 1, 100_000);
    List<Object> items = Types.elements(run, value);
    List<Object> batches = new ArrayList<>();
    for (int from = 0; from < items.size(); from += size) {
      List<Object> part = new ArrayList<>(items.subList(from, Math.min(items.size(), from + size)));
      fill(run, part, size, args.or(1, None.NONE));
      batches.add(part);
    }
    return batches;
  }

  private static void fill(Run run, List<Object> part, int size, Object filler) {
    while (filler != None.NONE && part.size() < size) {
      run.budget().tick();
      part.add(filler);
    }
  }

  private static Object slice(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("slice", "slices", "fill_with");
    List<Object> items = Types.elements(run, value);
    int slices = Math.clamp(Types.integer(args.required(0)), 1, 100_000);
    int each = items.size() / slices;
    int longer = items.size() % slices;
    List<Object> result = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < slices; i++) {
      run.budget().tick();
      int to = from + each + (i < longer ? 1 : 0);
      List<Object> part = new ArrayList<>(items.subList(from, to));
      fill(run, part, i >= longer && longer > 0 ? each + 1 : 0, args.or(1, None.NONE));
      result.add(part);
      from = to;
    }
    return result;
  }
}
