package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads rules in llama.cpp's form ({@code ::=}) and in Lark's ({@code :}). Of Lark: rules, terminals, literals, regular
 * expressions, ranges, groups, repetitions, aliases and the usual terminals of {@code common}; no templates, and no
 * {@code %ignore}, which would let anything stand anywhere.
 */
final class EbnfParser {
  private static final Pattern HEAD = Pattern.compile("[?!]?([A-Za-z_][A-Za-z0-9_-]*)(\\.-?[0-9]+)?\\s*(::=|:(?!:))");
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");
  private static final Pattern IMPORT = Pattern.compile("%import\\s+common\\.([A-Z_]+)(\\s*->\\s*([A-Z_]+))?");
  private static final Pattern ALIAS = Pattern.compile("->\\s*[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern TILDE = Pattern.compile("[ \\t]*~\\s*([0-9]{1,9})(\\s*\\.\\.\\s*([0-9]{1,9}))?");
  private static final Map<String, String> COMMON = Map.ofEntries(
      Map.entry("DIGIT", "[0-9]"), Map.entry("HEXDIGIT", "[a-fA-F0-9]"), Map.entry("INT", "[0-9]+"),
      Map.entry("SIGNED_INT", "[+-]?[0-9]+"), Map.entry("DECIMAL", "[0-9]+\\.[0-9]*|\\.[0-9]+"),
      Map.entry("FLOAT", "[0-9]+(\\.[0-9]*)?[eE][+-]?[0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+"),
      Map.entry("NUMBER", "([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?"),
      Map.entry("SIGNED_NUMBER", "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?"),
      Map.entry("ESCAPED_STRING", "\"([^\"\\\\\\n]|\\\\.)*\""), Map.entry("LCASE_LETTER", "[a-z]"),
      Map.entry("UCASE_LETTER", "[A-Z]"), Map.entry("LETTER", "[a-zA-Z]"), Map.entry("WORD", "[a-zA-Z]+"),
      Map.entry("CNAME", "[_a-zA-Z][_a-zA-Z0-9]*"), Map.entry("WS_INLINE", "[ \\t]+"),
      Map.entry("WS", "[ \\t\\f\\r\\n]+"), Map.entry("NEWLINE", "(\\r?\\n)+"));

  private final String source;
  private final GrammarLimits limits;
  private final boolean lark;
  private final Map<String, Node> rules = new LinkedHashMap<>();
  private final Map<String, Integer> used = new LinkedHashMap<>();
  private int at;
  private int depth;

  private EbnfParser(String source, GrammarLimits limits) {
    this.source = source;
    this.limits = limits;
    this.lark = !source.contains("::=");
  }

  /** The rules by their names, the one that an answer matches first. */
  static Map<String, Node> parse(String source, GrammarLimits limits) {
    EbnfParser parser = new EbnfParser(source, limits);
    parser.read();
    String root = parser.rules.containsKey("root") ? "root" : parser.rules.containsKey("start") ? "start"
        : parser.rules.keySet().stream().findFirst().orElseThrow(() -> parser.fail("it has no rules"));
    parser.used.forEach((name, where) -> {
      if (!parser.rules.containsKey(name)) {
        parser.at = where;
        throw parser.fail("there is no rule " + name);
      }
    });
    Map<String, Node> ordered = new LinkedHashMap<>();
    ordered.put(root, parser.rules.get(root));
    parser.rules.forEach(ordered::putIfAbsent);
    return ordered;
  }

  private void read() {
    blanks();
    while (at < source.length()) {
      java.util.regex.Matcher found = IMPORT.matcher(source).region(at, source.length());
      if (lark && found.lookingAt()) {
        String terminal = COMMON.get(found.group(1));
        if (terminal == null) {
          throw fail("common." + found.group(1) + " is not supported");
        }
        at = found.end();
        rules.put(found.group(3) == null ? found.group(1) : found.group(3), Regex.whole(terminal, limits));
      } else {
        rule();
      }
      blanks();
    }
  }

  private void rule() {
    java.util.regex.Matcher found = HEAD.matcher(source).region(at, source.length());
    if (!found.lookingAt()) {
      throw fail(source.startsWith("%", at) ? "directives but %import common.X are not supported"
          : "a rule must begin with its name and " + (lark ? ":" : "::="));
    }
    at = found.end();
    String name = found.group(1);
    if (rules.containsKey(name)) {
      throw fail("the rule " + name + " is there twice");
    }
    rules.put(name, Node.EMPTY);
    rules.put(name, unrolled(name, alternatives()));
  }

  /** A rule that begins with itself, {@code r: r x | y}, reads {@code y x x ...}. */
  private static Node unrolled(String name, Node body) {
    List<Node> again = new ArrayList<>();
    List<Node> first = new ArrayList<>();
    for (Node part : body instanceof Node.Alt alt ? alt.parts() : List.of(body)) {
      if (part instanceof Node.Seq seq && seq.parts().size() > 1 && seq.parts().getFirst().equals(Node.ref(name))) {
        again.add(new Node.Seq(seq.parts().subList(1, seq.parts().size())));
      } else {
        first.add(part);
      }
    }
    return again.isEmpty() || first.isEmpty() ? body : Node.seq(Node.alt(first), Node.any(Node.alt(again)));
  }

  private Node alternatives() {
    if (++depth > limits.depth()) {
      throw fail("it is nested deeper than " + limits.depth());
    }
    List<Node> all = new ArrayList<>();
    do {
      List<Node> parts = new ArrayList<>();
      blanks();
      while (at < source.length() && ")]|".indexOf(source.charAt(at)) < 0 && !source.startsWith("%", at) && !head()) {
        parts.add(quantified(atom()));
        blanks();
        skip(ALIAS);
        blanks();
      }
      all.add(parts.size() == 1 ? parts.getFirst() : new Node.Seq(parts));
    } while (take("|"));
    depth--;
    return Node.alt(all);
  }

  private boolean head() {
    return HEAD.matcher(source).region(at, source.length()).lookingAt();
  }

  private Node quantified(Node atom) {
    Node node = atom;
    for (int stacked = 0; ; stacked++) {
      if (stacked > limits.depth()) {
        throw fail("more than " + limits.depth() + " repetitions follow one another");
      }
      java.util.regex.Matcher tilde = TILDE.matcher(source).region(at, source.length());
      if (take("*")) {
        node = Node.any(node);
      } else if (take("+")) {
        node = Node.some(node);
      } else if (take("?")) {
        node = Node.optional(node);
      } else if (!lark && take("{")) {
        node = counted(node);
      } else if (lark && tilde.lookingAt()) {
        at = tilde.end();
        String most = tilde.group(3) == null ? tilde.group(1) : tilde.group(3);
        node = repeat(node, Integer.parseInt(tilde.group(1)), Integer.parseInt(most));
      } else {
        return node;
      }
    }
  }

  private Node counted(Node node) {
    int end = source.indexOf('}', at);
    String[] counts = end < 0 ? new String[0] : source.substring(at, end).strip().split("\\s*,\\s*", -1);
    if (counts.length < 1 || counts.length > 2 || !counts[0].matches("[0-9]{0,9}")
        || !counts[counts.length - 1].matches("[0-9]{0,9}") || (counts.length == 1 && counts[0].isEmpty())) {
      throw fail("a repetition is not {m}, {m,n}, {m,} or {,n}");
    }
    at = end + 1;
    int least = counts[0].isEmpty() ? 0 : Integer.parseInt(counts[0]);
    String most = counts[counts.length - 1];
    return repeat(node, least, most.isEmpty() ? Node.UNBOUNDED : Integer.parseInt(most));
  }

  private Node repeat(Node node, int least, int most) {
    Regex.checkCount(Math.max(least, most), limits);
    if (most != Node.UNBOUNDED && most < least) {
      throw fail("a repetition has its greater count first");
    }
    return new Node.Repeat(node, least, most);
  }

  private Node atom() {
    char c = source.charAt(at);
    if (c == '"' || (c == '\'' && !lark)) {
      return literal(c);
    }
    if (c == '(') {
      return group(")");
    }
    if (c == '[' && lark) {
      return Node.optional(group("]"));
    }
    if (c == '[') {
      return regex(classEnd());
    }
    if (c == '.' && !lark) {
      at++;
      return Node.chars(CodePoints.ALL);
    }
    if (c == '/' && lark) {
      return pattern();
    }
    java.util.regex.Matcher name = NAME.matcher(source).region(at, source.length());
    if (!name.lookingAt()) {
      throw fail("'" + c + "' is not expected here");
    }
    used.putIfAbsent(name.group(), at);
    at = name.end();
    return Node.ref(name.group());
  }

  private Node group(String close) {
    at++;
    Node inner = alternatives();
    if (!take(close)) {
      throw fail("a " + close + " is missing");
    }
    return inner;
  }

  private int classEnd() {
    int end = at + (source.startsWith("[^", at) ? 2 : 1);
    while (end < source.length() && (source.charAt(end) != ']' || end == at + 1)) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    return end + 1;
  }

  private Node regex(int end) {
    if (end > source.length()) {
      throw fail("a ] is missing");
    }
    Node node = Regex.whole(source.substring(at, end), limits);
    at = end;
    return node;
  }

  private Node pattern() {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != '/') {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw fail("a / is missing");
    }
    Node node = Regex.whole(source.substring(at + 1, end).replace("\\/", "/"), limits);
    at = end + 1;
    if (at < source.length() && Character.isLetter(source.charAt(at))) {
      throw fail("flags behind a regular expression are not supported");
    }
    return node;
  }

  private Node literal(char quote) {
    String text = quoted(quote);
    if (lark && source.startsWith("..", at)) {
      at += 2;
      String last = quoted(quote);
      if (text.codePointCount(0, text.length()) != 1 || last.codePointCount(0, last.length()) != 1) {
        throw fail("a range is between two characters");
      }
      return Node.chars(CodePoints.of(text.codePointAt(0), last.codePointAt(0)));
    }
    if (lark && take("i")) {
      return new Node.Seq(text.codePoints().mapToObj(c -> Node.chars(CodePoints.of(c, c).anyCase())).toList());
    }
    return Node.text(text);
  }

  /** A quoted text, its escapes read as in a regular expression. */
  private String quoted(char quote) {
    if (at >= source.length() || source.charAt(at) != quote) {
      throw fail("a " + quote + " is missing");
    }
    StringBuilder text = new StringBuilder();
    for (at++; at < source.length() && source.charAt(at) != quote; ) {
      if (source.charAt(at) == '\n') {
        throw fail("a " + quote + " is missing");
      }
      int point = source.codePointAt(at);
      if (point == '\\') {
        int length = source.startsWith("\\x", at) ? 4 : source.startsWith("\\u", at) ? 6 : 2;
        int end = Math.min(source.length(), at + length);
        point = Regex.character(source.substring(at, end), limits);
        at = end;
      } else {
        at += Character.charCount(point);
      }
      text.appendCodePoint(point);
    }
    if (!take(String.valueOf(quote))) {
      throw fail("a " + quote + " is missing");
    }
    return text.toString();
  }

  private void skip(Pattern pattern) {
    java.util.regex.Matcher found = pattern.matcher(source).region(at, source.length());
    if (lark && found.lookingAt()) {
      at = found.end();
    }
  }

  private void blanks() {
    while (at < source.length()) {
      boolean comment = lark ? source.startsWith("//", at) : source.charAt(at) == '#';
      if (comment) {
        int end = source.indexOf('\n', at);
        at = end < 0 ? source.length() : end;
      } else if (Character.isWhitespace(source.charAt(at))) {
        at++;
      } else {
        return;
      }
    }
  }

  private boolean take(String text) {
    boolean there = source.startsWith(text, at);
    at += there ? text.length() : 0;
    return there;
  }

  private InvalidPlanException fail(String why) {
    long line = 1 + source.substring(0, Math.min(at, source.length())).chars().filter(c -> c == '\n').count();
    return new InvalidPlanException("The grammar cannot be used: " + why + " (line " + line + ").");
  }
}
