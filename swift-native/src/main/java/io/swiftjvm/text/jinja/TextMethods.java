package io.swiftjvm.text.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code str}. */
final class TextMethods {
  /** A method before it is bound to its text. */
  @FunctionalInterface
  interface Method {
    Object call(Run run, String self, Arguments arguments);
  }

  private static final Map<String, Method> METHODS = new HashMap<>();

  static {
    METHODS.put("strip", (run, self, args) -> strip(self, args.bind("strip", "chars"), true, true));
    METHODS.put("lstrip", (run, self, args) -> strip(self, args.bind("lstrip", "chars"), true, false));
    METHODS.put("rstrip", (run, self, args) -> strip(self, args.bind("rstrip", "chars"), false, true));
    METHODS.put("startswith", (run, self, args) -> affix(self, args, true));
    METHODS.put("endswith", (run, self, args) -> affix(self, args, false));
    METHODS.put("removeprefix", (run, self, args) -> {
      String prefix = args.bind("removeprefix", "prefix").text(0);
      return self.startsWith(prefix) ? self.substring(prefix.length()) : self;
    });
    METHODS.put("removesuffix", (run, self, args) -> {
      String suffix = args.bind("removesuffix", "suffix").text(0);
      return self.endsWith(suffix) ? self.substring(0, self.length() - suffix.length()) : self;
    });
    METHODS.put("replace", (run, self, args) -> {
      Arguments.Bound bound = args.bind("replace", "old", "new", "count");
      return Texts.replace(run, self, bound.text(0), bound.text(1), bound.integer(2, -1));
    });
    METHODS.put("join", (run, self, args) -> join(run, self, args.bind("join", "iterable").required(0)));
    METHODS.put("format", BraceFormat::call);
    simple("lower", Cases::lower);
    simple("upper", Cases::upper);
    simple("casefold", text -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
    simple("capitalize", Cases::capitalize);
    simple("title", Cases::title);
    simple("swapcase", Cases::swap);
    simple("isalpha", text -> Cases.all(text, Character::isLetter));
    simple("isdigit", text -> Cases.all(text, Character::isDigit));
    simple("isdecimal", text -> Cases.all(text, Character::isDigit));
    simple("isnumeric", text -> Cases.all(text, Cases::isNumeric));
    simple("isalnum", text -> Cases.all(text, c -> Character.isLetter(c) || Cases.isNumeric(c)));
    simple("isspace", text -> Cases.all(text, Spaces::isSpace));
    simple("isascii", text -> text.chars().allMatch(c -> c < 128));
    simple("islower", Cases::isLower);
    simple("isupper", Cases::isUpper);
    simple("istitle", text -> Cases.hasCase(text) && text.equals(Cases.title(text)));
    METHODS.putAll(SplitMethods.METHODS);
    METHODS.putAll(SearchMethods.METHODS);
  }

  private TextMethods() {}

  private static void simple(String name, Function<String, Object> function) {
    METHODS.put(name, (run, self, args) -> {
      args.bind(name);
      run.budget().text(self.length());
      return function.apply(self);
    });
  }

  static @Nullable Object find(String self, String name) {
    Method method = METHODS.get(name);
    return method == null ? null : (Callable) (run, args) -> method.call(run, self, args);
  }

  private static String strip(String self, Arguments.Bound args, boolean start, boolean end) {
    Object chars = args.or(0, None.NONE);
    return chars == None.NONE ? Texts.stripSpaces(self, start, end)
        : Texts.strip(self, Types.text(chars), start, end);
  }

  private static boolean affix(String self, Arguments arguments, boolean prefix) {
    Arguments.Bound args = arguments.bind(prefix ? "startswith" : "endswith", "affix", "start", "end");
    String part = self;
    if (args.has(1) || args.has(2)) {
      int length = Texts.length(self);
      int from = Texts.index(self, SearchMethods.clamp(args.integer(1, 0), length));
      int to = Texts.index(self, SearchMethods.clamp(args.integer(2, length), length));
      part = self.substring(from, Math.max(from, to));
    }
    Object wanted = args.required(0);
    List<Object> affixes = wanted instanceof Tuple tuple ? tuple : List.of(wanted);
    for (Object affix : affixes) {
      String text = Types.text(affix);
      if (prefix ? part.startsWith(text) : part.endsWith(text)) {
        return true;
      }
    }
    return false;
  }

  static String join(Run run, String separator, Object items) {
    StringBuilder out = new StringBuilder();
    int index = 0;
    for (Object item : Types.elements(run, items)) {
      if (!(item instanceof String text)) {
        throw new JinjaError("sequence item " + index + ": expected str instance, " + Types.name(item) + " found");
      }
      out.append(index++ == 0 ? "" : separator).append(text);
      Texts.checkSize(run, out);
    }
    run.budget().text(out.length());
    return out.toString();
  }
}
