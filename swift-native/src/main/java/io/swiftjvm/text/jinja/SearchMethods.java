package io.swiftjvm.text.jinja;

import java.util.Map;

/** Methods of {@code str} that find, count and pad. Positions are code points. */
final class SearchMethods {
  static final Map<String, TextMethods.Method> METHODS = Map.of(
      "find", (run, self, args) -> find(run, self, args.bind("find", "sub", "start", "end"), false),
      "rfind", (run, self, args) -> find(run, self, args.bind("rfind", "sub", "start", "end"), true),
      "index", (run, self, args) -> found(find(run, self, args.bind("index", "sub", "start", "end"), false)),
      "rindex", (run, self, args) -> found(find(run, self, args.bind("rindex", "sub", "start", "end"), true)),
      "count", (run, self, args) -> count(run, self, args.bind("count", "sub", "start", "end")),
      "ljust", (run, self, args) -> pad(run, self, args.bind("ljust", "width", "fillchar"), 1, 0),
      "rjust", (run, self, args) -> pad(run, self, args.bind("rjust", "width", "fillchar"), 0, 1),
      "center", (run, self, args) -> pad(run, self, args.bind("center", "width", "fillchar"), 1, 1),
      "zfill", (run, self, args) -> zeros(run, self, args.bind("zfill", "width").integer(0, 0)));

  private SearchMethods() {}

  private static long find(Run run, String self, Arguments.Bound args, boolean last) {
    String part = args.text(0);
    run.budget().search(self, part);
    int length = Texts.length(self);
    int from = Texts.index(self, clamp(args.integer(1, 0), length));
    int to = Texts.index(self, clamp(args.integer(2, length), length));
    int at = last ? self.lastIndexOf(part, to - part.length()) : self.indexOf(part, from);
    if (at < from || at + part.length() > to || from > to) {
      return -1;
    }
    return self.codePointCount(0, at);
  }

  private static long found(long at) {
    if (at < 0) {
      throw new JinjaError("substring not found");
    }
    return at;
  }

  private static long count(Run run, String self, Arguments.Bound args) {
    String part = args.text(0);
    run.budget().search(self, part);
    int length = Texts.length(self);
    int from = Texts.index(self, clamp(args.integer(1, 0), length));
    int to = Texts.index(self, clamp(args.integer(2, length), length));
    if (from > to) {
      return 0;
    }
    if (part.isEmpty()) {
      return self.codePointCount(from, to) + 1L;
    }
    long count = 0;
    for (int at = self.indexOf(part, from); at >= 0 && at + part.length() <= to; at = self.indexOf(part, at)) {
      run.budget().tick();
      count++;
      at += part.length();
    }
    return count;
  }

  /** A position argument: negative ones count from the end. */
  static int clamp(long position, int length) {
    return Math.clamp(position < 0 ? position + length : position, 0, length);
  }

  private static String pad(Run run, String self, Arguments.Bound args, int after, int before) {
    long missing = Types.integer(args.required(0)) - Texts.length(self);
    if (missing <= 0) {
      return self;
    }
    String fill = args.text(1, " ");
    if (Texts.length(fill) != 1) {
      throw new JinjaError("The fill character must be exactly one character long");
    }
    long left = before == 0 ? 0 : after == 0 ? missing : center(missing, Texts.length(self));
    return Texts.join(run, Texts.join(run, Texts.repeat(run, fill, left), self),
        Texts.repeat(run, fill, missing - left));
  }

  /** Python's {@code center} puts the odd character left when the width is odd. */
  private static long center(long missing, int length) {
    return missing / 2 + (missing & (missing + length) & 1);
  }

  static String zeros(Run run, String self, long width) {
    int sign = self.startsWith("-") || self.startsWith("+") ? 1 : 0;
    String zeros = Texts.repeat(run, "0", width - Texts.length(self));
    return self.substring(0, sign) + zeros + self.substring(sign);
  }
}
