package io.swiftjvm.infer.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of Unicode characters, halves of surrogate pairs never among them. Immutable. */
final class CodePoints {
  private static final int LAST = Character.MAX_CODE_POINT;
  private static final int FIRST_SURROGATE = Character.MIN_SURROGATE;
  private static final int LAST_SURROGATE = Character.MAX_SURROGATE;

  static final CodePoints ALL = of(0, LAST);
  static final CodePoints DIGITS = of('0', '9');
  static final CodePoints WORD = of('a', 'z').or(of('A', 'Z')).or(DIGITS).or(of('_', '_'));
  static final CodePoints SPACE = of('\t', '\r').or(of(' ', ' '));
  static final CodePoints HEX = DIGITS.or(of('a', 'f')).or(of('A', 'F'));

  /** Pairs of first and last, ascending, apart from each other. */
  private final int[] ranges;

  private CodePoints(int... ranges) {
    this.ranges = ranges;
  }

  static CodePoints of(int first, int last) {
    return new CodePoints().or(new CodePoints(first, last));
  }

  /** The characters of a text. */
  static CodePoints of(String text) {
    CodePoints all = new CodePoints();
    for (int c : text.codePoints().toArray()) {
      all = all.or(of(c, c));
    }
    return all;
  }

  CodePoints or(CodePoints other) {
    List<int[]> pairs = new ArrayList<>();
    for (int[] source : new int[][] {ranges, other.ranges}) {
      for (int i = 0; i < source.length; i += 2) {
        pairs.add(new int[] {source[i], source[i + 1]});
      }
    }
    pairs.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] out = new int[2 * pairs.size()];
    int n = 0;
    for (int[] pair : pairs) {
      if (n > 0 && pair[0] <= out[n - 1] + 1) {
        out[n - 1] = Math.max(out[n - 1], pair[1]);
      } else {
        out[n++] = pair[0];
        out[n++] = pair[1];
      }
    }
    return new CodePoints(Arrays.copyOf(out, n));
  }

  CodePoints not() {
    int[] out = new int[ranges.length + 2];
    int n = 0;
    int from = 0;
    for (int i = 0; i < ranges.length; i += 2) {
      if (ranges[i] > from) {
        out[n++] = from;
        out[n++] = ranges[i] - 1;
      }
      from = ranges[i + 1] + 1;
    }
    if (from <= LAST) {
      out[n++] = from;
      out[n++] = LAST;
    }
    return new CodePoints(Arrays.copyOf(out, n));
  }

  CodePoints minus(CodePoints other) {
    return not().or(other).not();
  }

  CodePoints and(CodePoints other) {
    return not().or(other.not()).not();
  }

  boolean isEmpty() {
    return ranges.length == 0;
  }

  /** The only character in it, else -1. */
  int single() {
    return ranges.length == 2 && ranges[0] == ranges[1] ? ranges[0] : -1;
  }

  boolean contains(int c) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (c >= ranges[i] && c <= ranges[i + 1]) {
        return true;
      }
    }
    return false;
  }

  /** Both cases of the ASCII letters in it. */
  CodePoints anyCase() {
    CodePoints all = this;
    for (int c = 'a'; c <= 'z'; c++) {
      int upper = Character.toUpperCase(c);
      if (contains(c) || contains(upper)) {
        all = all.or(of(c, c)).or(of(upper, upper));
      }
    }
    return all;
  }

  /** Pairs of first and last without surrogates. */
  int[] encodable() {
    CodePoints whole = minus(of(FIRST_SURROGATE, LAST_SURROGATE));
    return whole.ranges.clone();
  }
}
