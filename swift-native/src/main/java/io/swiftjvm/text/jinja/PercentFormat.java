package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values} for {@code %s %r %d %i %f %x %X %o %e %g %c %%}. */
final class PercentFormat {
  private static final Pattern SPEC =
      Pattern.compile("%(?:\\(([^)]*+)\\))?+([-+ 0#]*+)(\\d{1,4})?+(?:\\.(\\d{1,2}))?+(.)", Pattern.DOTALL);

  private PercentFormat() {}

  static String format(Run run, String format, Object values) {
    List<Object> items = values instanceof Tuple tuple ? tuple : List.of(values);
    Matcher matcher = SPEC.matcher(format);
    StringBuilder out = new StringBuilder();
    int from = 0;
    int next = 0;
    while (matcher.find()) {
      run.budget().tick();
      out.append(format, from, matcher.start());
      from = matcher.end();
      if (matcher.group(5).equals("%")) {
        out.append('%');
        continue;
      }
      Object value;
      if (matcher.group(1) != null) {
        if (!(values instanceof Map<?, ?>)) {
          throw new JinjaError("format requires a mapping");
        }
        value = Access.item(values, matcher.group(1));
      } else if (next < items.size()) {
        value = items.get(next++);
      } else {
        throw new JinjaError("not enough arguments for format string");
      }
      out.append(one(run, matcher, value));
      Texts.checkSize(run, out);
    }
    if (format.indexOf('%', from) >= 0) {
      throw new JinjaError("incomplete format");
    }
    if (next < items.size() && !(values instanceof Map)) {
      throw new JinjaError("not all arguments converted during string formatting");
    }
    run.budget().text(out.length() + format.length() - from);
    return out.append(format, from, format.length()).toString();
  }

  private static String one(Run run, Matcher spec, Object value) {
    String flags = spec.group(2);
    int width = spec.group(3) == null ? 0 : Integer.parseInt(spec.group(3));
    int precision = spec.group(4) == null ? -1 : Integer.parseInt(spec.group(4));
    char kind = spec.group(5).charAt(0);
    boolean text = kind == 's' || kind == 'r' || kind == 'c';
    String body = text ? text(run, kind, value, precision) : NumberFormat.of(kind, value, precision, flags);
    return NumberFormat.pad(body, width, flags.contains("-") ? '<' : '>', !text && flags.contains("0") ? '0' : ' ');
  }

  private static String text(Run run, char kind, Object value, int precision) {
    String text = switch (kind) {
      case 's' -> Show.text(run, value);
      case 'r' -> Show.repr(run, value);
      default -> value instanceof String letter ? letter : Character.toString((int) Types.integer(value));
    };
    return precision >= 0 && precision < Texts.length(text) ? text.substring(0, Texts.index(text, precision)) : text;
  }
}
