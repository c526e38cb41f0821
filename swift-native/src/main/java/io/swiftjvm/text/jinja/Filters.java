package io.swiftjvm.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** All filters by name. */
final class Filters {
  /** A filter: the value before the bar and the arguments after the name. */
  @FunctionalInterface
  interface Filter {
    Object apply(Run run, Object value, Arguments arguments);
  }

  private static final Map<String, Filter> FILTERS = new HashMap<>();

  static {
    FILTERS.putAll(TextFilters.FILTERS);
    FILTERS.putAll(LayoutFilters.FILTERS);
    FILTERS.putAll(NumberFilters.FILTERS);
    FILTERS.putAll(SequenceFilters.FILTERS);
    FILTERS.putAll(SelectFilters.FILTERS);
    FILTERS.putAll(OrderFilters.FILTERS);
    FILTERS.put("tojson", JsonText::filter);
  }

  private Filters() {}

  static Filter find(String name) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw new JinjaError("No filter named '" + name + "'.");
    }
    return filter;
  }
}
