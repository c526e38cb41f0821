package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;

/** Filters that lay out text: indent, centre, cut. */
final class LayoutFilters {
  static final Map<String, Filters.Filter> FILTERS = Map.of(
      "indent", LayoutFilters::indent,
      "center", (run, value, args) -> Run.method(run, Show.text(run, value), "center",
          Arguments.of(args.bind("center", "width").integer(0, 80))),
      "truncate", LayoutFilters::truncate);

  private LayoutFilters() {}

  private static Object indent(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("indent", "width", "first", "blank");
    Object width = args.or(0, 4L);
    String step = width instanceof String text ? text : Texts.repeat(run, " ", Types.integer(width));
    boolean first = args.flag(1, false);
    boolean blank = args.flag(2, false);
    List<String> lines = Show.text(run, value).concat("\n").lines().toList();
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      run.budget().tick();
      out.append(i == 0 ? "" : "\n");
      boolean indented = i == 0 ? first : blank || !line.isEmpty();
      out.append(indented ? step : "").append(line);
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length());
    return out.toString();
  }

  private static Object truncate(Run run, Object value, Arguments arguments) {
    Arguments.Bound args = arguments.bind("truncate", "length", "killwords", "end", "leeway");
    String text = Show.text(run, value);
    int length = Types.clamped(args.integer(0, 255));
    String end = args.text(2, "...");
    long leeway = args.integer(3, 5);
    if (length < Texts.length(end)) {
      throw new JinjaError("expected length >= " + Texts.length(end) + ", got " + length);
    }
    if (Texts.length(text) <= length + leeway) {
      return text;
    }
    String cut = text.substring(0, Texts.index(text, length - Texts.length(end)));
    int space = cut.lastIndexOf(' ');
    boolean keepWords = !args.flag(1, false) && space >= 0;
    return Texts.join(run, keepWords ? cut.substring(0, space) : cut, end);
  }
}
