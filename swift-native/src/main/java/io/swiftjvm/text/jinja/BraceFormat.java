package io.swiftjvm.text.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code str.format} with positions, names, {@code !r}, and simple format specifications. */
final class BraceFormat {
  private static final Pattern FIELD =
      Pattern.compile("\\{\\{|\\}\\}|\\{(\\w*+)((?:\\.\\w++|\\[[^\\]]*+\\])*+)(?:!([rs]))?+(?::([^{}]*+))?+\\}|[{}]");
  private static final Pattern SPEC =
      Pattern.compile("(?:(.)?([<>^]))?([+ ]?)(0?)(\\d{0,4})(,?)(?:\\.(\\d{1,2}))?([a-zA-Z%]?)");

  private BraceFormat() {}

  static Object call(Run run, String format, Arguments arguments) {
    Matcher matcher = FIELD.matcher(format);
    StringBuilder out = new StringBuilder();
    int from = 0;
    int automatic = 0;
    while (matcher.find()) {
      run.budget().tick();
      out.append(format, from, matcher.start());
      from = matcher.end();
      String found = matcher.group();
      if (found.equals("{{") || found.equals("}}")) {
        out.append(found.charAt(0));
      } else if (found.length() == 1) {
        throw new JinjaError("Single '" + found + "' encountered in format string");
      } else {
        String name = matcher.group(1).isEmpty() ? Integer.toString(automatic++) : matcher.group(1);
        if (!matcher.group(2).isEmpty()) {
          throw new JinjaError("format fields with members are not allowed in a chat template: " + found);
        }
        out.append(field(run, value(arguments, name), matcher));
      }
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length() + format.length() - from);
    return out.append(format, from, format.length()).toString();
  }

  private static Object value(Arguments arguments, String name) {
    if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int index = name.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(name);
      if (index >= arguments.positional().size()) {
        throw new JinjaError("Replacement index " + name + " out of range for positional args tuple");
      }
      return arguments.positional().get(index);
    }
    Object value = arguments.named().get(name);
    if (value == null) {
      throw new JinjaError("str.format() misses argument '" + name + "'");
    }
    return value;
  }

  private static String field(Run run, Object value, Matcher field) {
    Object shown = "r".equals(field.group(3)) ? Show.repr(run, value) : value;
    String spec = field.group(4) == null ? "" : field.group(4);
    return spec.isEmpty() ? Show.text(run, shown) : formatted(run, shown, spec);
  }

  private static String formatted(Run run, Object value, String spec) {
    Matcher matcher = SPEC.matcher(spec);
    if (!matcher.matches() || matcher.group(6).equals(",")) {
      throw new JinjaError("Invalid format specifier '" + spec + "' for object of type '" + Types.name(value) + "'");
    }
    int width = matcher.group(5).isEmpty() ? 0 : Integer.parseInt(matcher.group(5));
    int precision = matcher.group(7) == null ? -1 : Integer.parseInt(matcher.group(7));
    boolean number = Types.isNumber(value) && !(value instanceof Boolean);
    char align = matcher.group(2) == null ? (number ? '>' : '<') : matcher.group(2).charAt(0);
    char fill = matcher.group(1) == null ? (matcher.group(4).isEmpty() ? ' ' : '0') : matcher.group(1).charAt(0);
    String kind = matcher.group(8);
    String body;
    if (number && !(kind.isEmpty() && precision < 0 && matcher.group(3).isEmpty())) {
      char letter = kind.isEmpty() ? (value instanceof Double ? 'f' : 'd') : kind.charAt(0);
      body = NumberFormat.of(letter, value, precision, matcher.group(3));
    } else {
      String text = Show.text(run, value);
      body = precision >= 0 && precision < Texts.length(text) ? text.substring(0, Texts.index(text, precision)) : text;
    }
    return NumberFormat.pad(body, width, align, fill);
  }
}
