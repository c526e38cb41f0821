package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads regular expressions: what ECMAScript, Python and PCRE have in common, as far as it is regular. */
final class Regex {
  private static final CodePoints LINE_END = CodePoints.of("\n\r");
  private static final String SPECIAL = "|)*+?";

  /** A fixed pattern without loops inside loops. */
  private static final java.util.regex.Pattern COUNTS =
      java.util.regex.Pattern.compile("\\{([0-9]+)(,([0-9]*))?\\}");
  private static final int DIGITS = 9;

  private final String pattern;
  private final GrammarLimits limits;
  /** What an element may be where it is searched for inside a text; null where it must match the whole text. */
  private final @Nullable CodePoints around;
  private int at;
  private int depth;

  private Regex(String pattern, GrammarLimits limits, @Nullable CodePoints around) {
    this.pattern = pattern;
    this.limits = limits;
    this.around = around;
  }

  /** A pattern that matches a text from its beginning to its end; anchors there say nothing new. */
  static Node whole(String pattern, GrammarLimits limits) {
    return new Regex(pattern, limits, null).read();
  }

  /** A pattern that a text of {@code around} has in it somewhere, unless anchors say where. */
  static Node inside(String pattern, GrammarLimits limits, CodePoints around) {
    return new Regex(pattern, limits, around).read();
  }

  /** The character that an escape such as {@code \\n} or {@code \\x41} stands for. */
  static int character(String escape, GrammarLimits limits) {
    Regex one = new Regex(escape, limits, null);
    int c = one.escape(true).single();
    if (c < 0 || one.at != escape.length()) {
      throw one.fail("a text has one character for each escape");
    }
    return c;
  }

  static void checkCount(int count, GrammarLimits limits) {
    if (count > limits.repetition()) {
      throw new InvalidPlanException("The grammar has a repetition of " + count + "; at most " + limits.repetition()
          + " are taken. Lower it.");
    }
  }

  private Node read() {
    if (pattern.length() > limits.regexBytes()) {
      throw fail("it has more than " + limits.regexBytes() + " characters");
    }
    List<Node> alternatives = new ArrayList<>();
    do {
      boolean starts = take("^") || take("\\A");
      Node body = sequence();
      boolean ends = take("$") || take("\\z") || take("\\Z");
      if (at < pattern.length() && pattern.charAt(at) != '|') {
        throw fail(pattern.charAt(at) == ')' ? "a ) has no (" : "an anchor may only stand at the beginning or the end");
      }
      alternatives.add(around == null ? body : Node.seq(starts ? Node.EMPTY : Node.any(Node.chars(around)), body,
          ends ? Node.EMPTY : Node.any(Node.chars(around))));
    } while (take("|"));
    return Node.alt(alternatives);
  }

  private Node alternatives() {
    List<Node> all = new ArrayList<>();
    do {
      all.add(sequence());
    } while (take("|"));
    return Node.alt(all);
  }

  private Node sequence() {
    List<Node> parts = new ArrayList<>();
    while (at < pattern.length() && "|)".indexOf(pattern.charAt(at)) < 0 && !anchor()) {
      parts.add(quantified(atom()));
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.Seq(parts);
  }

  private boolean anchor() {
    return pattern.charAt(at) == '$' || pattern.charAt(at) == '^' || pattern.startsWith("\\z", at)
        || pattern.startsWith("\\Z", at) || pattern.startsWith("\\A", at);
  }

  private Node quantified(Node atom) {
    Node node = repeated(atom);
    if (node == atom) {
      return atom;
    }
    // a lazy one matches the same texts
    take("?");
    int before = at;
    if (repeated(node) != node) {
      at = before;
      throw fail("a repetition follows a repetition");
    }
    return node;
  }

  private Node repeated(Node node) {
    if (take("*")) {
      return Node.any(node);
    }
    if (take("+")) {
      return Node.some(node);
    }
    if (take("?")) {
      return Node.optional(node);
    }
    int[] counts = counts();
    return counts == null ? node : new Node.Repeat(node, counts[0], counts[1]);
  }

  private int @Nullable [] counts() {
    java.util.regex.Matcher found = COUNTS.matcher(pattern).region(at, pattern.length());
    if (!found.lookingAt()) {
      return null;
    }
    at = found.end();
    int least = count(found.group(1));
    int most = found.group(2) == null ? least : found.group(3).isEmpty() ? Node.UNBOUNDED : count(found.group(3));
    if (most != Node.UNBOUNDED && most < least) {
      throw fail("a repetition has its greater count first");
    }
    return new int[] {least, most};
  }

  private int count(String digits) {
    int value = digits.length() > DIGITS ? Integer.MAX_VALUE : Integer.parseInt(digits);
    if (value > limits.repetition()) {
      throw fail("it repeats more than " + limits.repetition() + " times");
    }
    return value;
  }

  private Node atom() {
    char c = pattern.charAt(at);
    if (c == '(') {
      return group();
    }
    if (c == '[') {
      at++;
      return Node.chars(set());
    }
    if (c == '.') {
      at++;
      return Node.chars(LINE_END.not());
    }
    if (SPECIAL.indexOf(c) >= 0) {
      throw fail("there is nothing before a " + c);
    }
    if (c == '\\') {
      return Node.chars(escape(false));
    }
    int point = pattern.codePointAt(at);
    at += Character.charCount(point);
    return Node.chars(CodePoints.of(point, point));
  }

  private Node group() {
    at++;
    if (++depth > limits.depth()) {
      throw fail("its groups are nested deeper than " + limits.depth());
    }
    if (take("?")) {
      boolean named = false;
      if (take("P<") || (pattern.startsWith("<", at) && !pattern.startsWith("<=", at)
          && !pattern.startsWith("<!", at) && take("<"))) {
        named = true;
        int end = pattern.indexOf('>', at);
        if (end < 0) {
          throw fail("a name of a group does not end");
        }
        at = end + 1;
      }
      if (!named && !take(":")) {
        throw fail("lookaround, flags, conditions and atomic groups are not supported");
      }
    }
    Node inner = alternatives();
    if (at < pattern.length() && pattern.charAt(at) != ')') {
      throw fail("an anchor may only stand at the beginning or the end");
    }
    if (!take(")")) {
      throw fail("a ( has no )");
    }
    depth--;
    return inner;
  }

  private CodePoints set() {
    boolean negated = take("^");
    CodePoints all = CodePoints.of("");
    boolean first = true;
    while (first || !take("]")) {
      first = false;
      if (at >= pattern.length()) {
        throw fail("a [ has no ]");
      }
      if (pattern.startsWith("[:", at)) {
        throw fail("named classes such as [:alpha:] are not supported");
      }
      int start = at;
      CodePoints one = element();
      if (pattern.startsWith("-", at) && !pattern.startsWith("-]", at) && at + 1 < pattern.length()) {
        at++;
        CodePoints last = element();
        if (one.single() < 0 || last.single() < one.single()) {
          throw fail("the range " + pattern.substring(start, at) + " is none");
        }
        one = CodePoints.of(one.single(), last.single());
      }
      all = all.or(one);
    }
    return negated ? all.not() : all;
  }

  private CodePoints element() {
    if (pattern.charAt(at) == '\\') {
      return escape(true);
    }
    int point = pattern.codePointAt(at);
    at += Character.charCount(point);
    return CodePoints.of(point, point);
  }

  private CodePoints escape(boolean inSet) {
    at++;
    if (at >= pattern.length()) {
      throw fail("it ends with a backslash");
    }
    char c = pattern.charAt(at++);
    return switch (c) {
      case 'd' -> CodePoints.DIGITS;
      case 'D' -> CodePoints.DIGITS.not();
      case 'w' -> CodePoints.WORD;
      case 'W' -> CodePoints.WORD.not();
      case 's' -> CodePoints.SPACE;
      case 'S' -> CodePoints.SPACE.not();
      case 'n' -> CodePoints.of("\n");
      case 'r' -> CodePoints.of("\r");
      case 't' -> CodePoints.of("\t");
      case 'f' -> CodePoints.of("\f");
      case 'v' -> CodePoints.of('\u000B', '\u000B');
      case 'a' -> CodePoints.of('\u0007', '\u0007');
      case 'e' -> CodePoints.of('\u001B', '\u001B');
      case '0' -> CodePoints.of('\0', '\0');
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'b' -> {
        if (inSet) {
          yield CodePoints.of("\b");
        }
        throw fail("\\b is not supported");
      }
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw fail("\\" + c + " is not supported");
        }
        int point = pattern.codePointAt(at - 1);
        at += Character.charCount(point) - 1;
        yield CodePoints.of(point, point);
      }
    };
  }

  private CodePoints hex(int digits) {
    boolean braces = digits == 4 && take("{");
    int end = braces ? pattern.indexOf('}', at) : at + digits;
    if (end < 0 || end > pattern.length() || !pattern.substring(at, end).matches("[0-9a-fA-F]{1,6}")) {
      throw fail("a hexadecimal escape is incomplete");
    }
    int value = Integer.parseInt(pattern.substring(at, end), 16);
    at = end + (braces ? 1 : 0);
    if (value > Character.MAX_CODE_POINT) {
      throw fail("there is no character with number " + value);
    }
    return CodePoints.of(value, value);
  }

  private boolean take(String text) {
    boolean there = pattern.startsWith(text, at);
    at += there ? text.length() : 0;
    return there;
  }

  private InvalidPlanException fail(String why) {
    String shown = pattern.length() > 80 ? pattern.substring(0, 80) + "..." : pattern;
    return new InvalidPlanException("The regular expression '" + shown.replaceAll("\\p{Cntrl}", " ")
        + "' cannot be used: " + why + " (position " + at + ").");
  }
}
