package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters that apply a test or another filter to each element. */
final class SelectFilters {
  static final Map<String, Filters.Filter> FILTERS = Map.of(
      "map", SelectFilters::map,
      "select", (run, value, args) -> pick(run, value, args, false, true),
      "reject", (run, value, args) -> pick(run, value, args, false, false),
      "selectattr", (run, value, args) -> pick(run, value, args, true, true),
      "rejectattr", (run, value, args) -> pick(run, value, args, true, false));

  private SelectFilters() {}

  private static Object map(Run run, Object value, Arguments args) {
    List<Object> result = new ArrayList<>();
    if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
      Arguments.Bound bound = args.bind("map", "attribute", "default");
      for (Object item : Types.elements(run, value)) {
        Object found = Paths.get(item, bound.required(0));
        result.add(found instanceof Undefined ? bound.or(1, found) : found);
      }
      return result;
    }
    if (args.positional().isEmpty()) {
      throw new JinjaError("map requires a filter argument");
    }
    Filters.Filter filter = Filters.find(Types.text(args.positional().getFirst()));
    Arguments rest = args.rest(1);
    for (Object item : Types.elements(run, value)) {
      result.add(filter.apply(run, item, rest));
    }
    return result;
  }

  private static Object pick(Run run, Object value, Arguments args, boolean byAttribute, boolean wanted) {
    int testAt = byAttribute ? 1 : 0;
    if (args.positional().size() < testAt) {
      throw new JinjaError("Missing parameter for attribute name");
    }
    boolean tested = args.positional().size() > testAt;
    Tests.Test test = tested ? Tests.find(Types.text(args.positional().get(testAt))) : (r, v, a) -> Types.truth(v);
    Arguments rest = tested ? args.rest(testAt + 1) : Arguments.NONE;
    List<Object> result = new ArrayList<>();
    for (Object item : Types.elements(run, value)) {
      Object subject = byAttribute ? Paths.get(item, args.positional().getFirst()) : item;
      if (test.test(run, subject, rest) == wanted) {
        result.add(item);
      }
    }
    return result;
  }
}
