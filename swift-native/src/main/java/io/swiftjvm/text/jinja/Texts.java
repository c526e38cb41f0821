package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Strings as Python sees them: sequences of code points. */
final class Texts {
  private Texts() {}

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** Java index of a code point. */
  static int index(String text, int codePoint) {
    return length(text) == text.length() ? codePoint : text.offsetByCodePoints(0, codePoint);
  }

  static List<Object> characters(Run run, String text) {
    run.budget().tick(text.length());
    List<Object> characters = new ArrayList<>(text.length());
    for (int at = 0; at < text.length();) {
      int end = at + Character.charCount(text.codePointAt(at));
      characters.add(text.substring(at, end));
      at = end;
    }
    return characters;
  }

  static String repeat(Run run, String text, long times) {
    long count = Math.max(0, times);
    if (count == 0 || text.isEmpty()) {
      return "";
    }
    run.budget().text(Math.clamp((double) text.length() * count, 0, (double) Long.MAX_VALUE) > Integer.MAX_VALUE
        ? Integer.MAX_VALUE : text.length() * count);
    return text.repeat((int) count);
  }

  static String join(Run run, String left, String right) {
    run.budget().text((long) left.length() + right.length());
    return left.concat(right);
  }

  static String strip(String text, String chars, boolean start, boolean end) {
    int from = 0;
    int to = text.length();
    while (start && from < to && chars.indexOf(text.codePointAt(from)) >= 0) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (end && to > from && chars.indexOf(text.codePointBefore(to)) >= 0) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(Math.min(from, to), to);
  }

  static String stripSpaces(String text, boolean start, boolean end) {
    String rest = start ? text.substring(Spaces.skip(text, 0)) : text;
    return end ? Spaces.stripEnd(rest) : rest;
  }

  /** {@code count} below 0 replaces all. An empty {@code old} matches between all characters, as in Python. */
  static String replace(Run run, String text, String old, String replacement, long count) {
    run.budget().search(text, old);
    if (old.isEmpty()) {
      return interleave(run, text, replacement, count);
    }
    StringBuilder out = new StringBuilder();
    int from = 0;
    long left = count < 0 ? Long.MAX_VALUE : count;
    for (int at = text.indexOf(old); at >= 0 && left > 0; at = text.indexOf(old, from), left--) {
      run.budget().tick();
      out.append(text, from, at).append(replacement);
      checkSize(run, out);
      from = at + old.length();
    }
    if (from == 0) {
      return text;
    }
    out.append(text, from, text.length());
    run.budget().text(out.length());
    return out.toString();
  }

  private static String interleave(Run run, String text, String replacement, long count) {
    StringBuilder out = new StringBuilder();
    long left = count < 0 ? Long.MAX_VALUE : count;
    for (int at = 0; at <= text.length(); left--) {
      run.budget().tick();
      if (left > 0) {
        out.append(replacement);
      }
      checkSize(run, out);
      if (at == text.length()) {
        break;
      }
      int point = text.codePointAt(at);
      out.appendCodePoint(point);
      at += Character.charCount(point);
    }
    run.budget().text(out.length());
    return out.toString();
  }

  /** Stops a text that grows beyond the limit before it is complete. */
  static void checkSize(Run run, StringBuilder out) {
    if (out.length() > run.budget().limits().outputChars()) {
      run.budget().text(out.length());
    }
  }
}
