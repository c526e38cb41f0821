package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Methods of {@code str} that cut a text into pieces. */
final class SplitMethods {
  static final Map<String, TextMethods.Method> METHODS = Map.of(
      "split", (run, self, args) -> split(run, self, args.bind("split", "sep", "maxsplit"), false),
      "rsplit", (run, self, args) -> split(run, self, args.bind("rsplit", "sep", "maxsplit"), true),
      "splitlines", (run, self, args) -> lines(run, self, args.bind("splitlines", "keepends").flag(0, false)),
      "partition", (run, self, args) -> partition(run, self, args.bind("partition", "sep").text(0), false),
      "rpartition", (run, self, args) -> partition(run, self, args.bind("rpartition", "sep").text(0), true));

  private SplitMethods() {}

  private static List<Object> split(Run run, String self, Arguments.Bound args, boolean fromEnd) {
    Object separator = args.or(0, None.NONE);
    long max = args.integer(1, -1);
    run.budget().text(self.length());
    long limit = max < 0 ? Long.MAX_VALUE : max;
    List<Object> parts = separator == None.NONE ? onSpaces(run, self, limit, fromEnd)
        : on(run, self, Types.text(separator), limit, fromEnd);
    if (fromEnd) {
      Collections.reverse(parts);
    }
    return parts;
  }

  private static List<Object> on(Run run, String self, String separator, long limit, boolean fromEnd) {
    if (separator.isEmpty()) {
      throw new JinjaError("empty separator");
    }
    run.budget().search(self, separator);
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int to = self.length();
    while (parts.size() < limit) {
      run.budget().tick();
      int at = fromEnd ? self.lastIndexOf(separator, to - separator.length()) : self.indexOf(separator, from);
      if (at < 0) {
        break;
      }
      if (fromEnd) {
        parts.add(self.substring(at + separator.length(), to));
        to = at;
      } else {
        parts.add(self.substring(from, at));
        from = at + separator.length();
      }
    }
    parts.add(self.substring(from, to));
    return parts;
  }

  private static List<Object> onSpaces(Run run, String self, long limit, boolean fromEnd) {
    List<Object> parts = new ArrayList<>();
    String rest = Texts.stripSpaces(self, !fromEnd, fromEnd);
    int from = 0;
    int to = rest.length();
    while (from < to) {
      run.budget().tick();
      if (parts.size() == limit) {
        parts.add(rest.substring(from, to));
        return parts;
      }
      int start = from;
      int end = to;
      if (fromEnd) {
        start = to;
        while (start > from && !Spaces.isSpace(rest.charAt(start - 1))) {
          start--;
        }
        to = start;
        while (to > from && Spaces.isSpace(rest.charAt(to - 1))) {
          to--;
        }
      } else {
        end = from;
        while (end < to && !Spaces.isSpace(rest.charAt(end))) {
          end++;
        }
        from = Spaces.skip(rest, end);
      }
      parts.add(rest.substring(start, end));
    }
    return parts;
  }

  private static List<Object> lines(Run run, String self, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    run.budget().text(self.length());
    for (int from = 0; from < self.length();) {
      run.budget().tick();
      int end = from;
      while (end < self.length() && !isLineEnd(self.charAt(end))) {
        end++;
      }
      int next = end == self.length() ? end : end + (self.startsWith("\r\n", end) ? 2 : 1);
      lines.add(self.substring(from, keepEnds ? next : end));
      from = next;
    }
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
  }

  private static Tuple partition(Run run, String self, String separator, boolean last) {
    if (separator.isEmpty()) {
      throw new JinjaError("empty separator");
    }
    run.budget().search(self, separator);
    int at = last ? self.lastIndexOf(separator) : self.indexOf(separator);
    if (at < 0) {
      return last ? Tuple.of("", "", self) : Tuple.of(self, "", "");
    }
    run.budget().text(self.length());
    return Tuple.of(self.substring(0, at), separator, self.substring(at + separator.length()));
  }
}
