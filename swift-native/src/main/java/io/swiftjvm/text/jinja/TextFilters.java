package io.swiftjvm.text.jinja;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Filters that turn a value into text or change a text. */
final class TextFilters {
  static final Map<String, Filters.Filter> FILTERS = new HashMap<>();

  private static final Pattern WORD = Pattern.compile("\\w++", Pattern.UNICODE_CHARACTER_CLASS);

  static {
    FILTERS.put("string", (run, value, args) -> plain(run, value, args, "string"));
    // Output is never escaped, so a text that is marked safe is the text.
    FILTERS.put("safe", (run, value, args) -> plain(run, value, args, "safe"));
    simple("upper", Cases::upper);
    simple("lower", Cases::lower);
    simple("capitalize", Cases::capitalize);
    simple("title", TextFilters::title);
    simple("escape", TextFilters::escape);
    simple("e", TextFilters::escape);
    simple("forceescape", TextFilters::escape);
    FILTERS.put("trim", (run, value, args) -> {
      Object chars = args.bind("trim", "chars").or(0, None.NONE);
      String text = Show.text(run, value);
      return chars == None.NONE ? Spaces.strip(text) : Texts.strip(text, Types.text(chars), true, true);
    });
    FILTERS.put("replace", (run, value, args) -> {
      Arguments.Bound bound = args.bind("replace", "old", "new", "count");
      Object count = bound.or(2, None.NONE);
      return Texts.replace(run, Show.text(run, value), Show.text(run, bound.required(0)),
          Show.text(run, bound.required(1)), count == None.NONE ? -1 : Types.integer(count));
    });
    FILTERS.put("format", (run, value, args) -> PercentFormat.format(run, Show.text(run, value),
        args.named().isEmpty() ? new Tuple(args.positional()) : args.named()));
    FILTERS.put("urlencode", TextFilters::urlencode);
    FILTERS.put("wordcount", (run, value, args) -> {
      args.bind("wordcount");
      return WORD.matcher(Show.text(run, value)).results().count();
    });
  }

  private TextFilters() {}

  private static void simple(String name, UnaryOperator<String> function) {
    FILTERS.put(name, (run, value, args) -> {
      args.bind(name);
      String text = Show.text(run, value);
      run.budget().text(text.length());
      String result = function.apply(text);
      run.budget().text(result.length());
      return result;
    });
  }

  private static String plain(Run run, Object value, Arguments args, String name) {
    args.bind(name);
    return Show.text(run, value);
  }

  /** Jinja's own title: words also start after a hyphen or an opening bracket. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int at = 0; at < text.length();) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      boolean separator = Spaces.isSpace(c) || "-({[<".indexOf(c) >= 0;
      String one = Character.toString(c);
      out.append(inWord ? Cases.lower(one) : Cases.upper(one));
      inWord = !separator;
    }
    return out.toString();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static Object urlencode(Run run, Object value, Arguments args) {
    args.bind("urlencode");
    StringBuilder out = new StringBuilder();
    for (byte b : Show.text(run, value).getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 128 && (Character.isLetterOrDigit(c) || "_.-~/".indexOf(c) >= 0)) {
        out.append(c);
      } else {
        out.append(String.format("%%%02X", (int) c));
      }
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length());
    return out.toString();
  }
}
