package io.swiftjvm.text;

/**
 * A part of a text in Java chars.
 *
 * @param start first char
 * @param end one past the last char
 */
public record Span(int start, int end) {
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException("span " + start + ".." + end + ": start must be >= 0 and <= end");
    }
  }
}
