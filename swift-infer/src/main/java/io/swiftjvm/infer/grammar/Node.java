package io.swiftjvm.infer.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What a rule of a grammar may be made of. */
sealed interface Node {
  /** {@link Repeat#most} without a bound. */
  int UNBOUNDED = -1;

  /** The empty text. */
  Node EMPTY = new Seq(List.of());

  /** One character of a set. */
  record Chars(CodePoints set) implements Node {}

  /** A text as it stands. */
  record Text(String text) implements Node {
    byte[] bytes() {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** A special token. */
  record Token(int id) implements Node {
    /** Bytes from here on are in no UTF-8; a special token is some of them. */
    static final int FIRST = 0xF8;

    private static final int BITS = 3;
    private static final int LENGTH = 8;

    byte[] bytes() {
      byte[] bytes = new byte[LENGTH];
      for (int i = 0; i < LENGTH; i++) {
        bytes[i] = (byte) (FIRST | (id >> (BITS * i) & (0xFF - FIRST)));
      }
      return bytes;
    }
  }

  /** One after the other. */
  record Seq(List<Node> parts) implements Node {}

  /** One of them; none = nothing matches. */
  record Alt(List<Node> parts) implements Node {}

  /** {@code least .. most} times. */
  record Repeat(Node part, int least, int most) implements Node {}

  /** Another rule. */
  record Ref(String rule) implements Node {}

  /** What both match; neither holds a {@link Ref}. */
  record And(Node left, Node right) implements Node {}

  /** What {@code left} matches and {@code right} does not; neither holds a {@link Ref}. */
  record Minus(Node left, Node right) implements Node {}

  /** Digits of a number that {@code of} divides; leading zeros may stand before it. */
  record Multiple(int of) implements Node {}

  /** Any text up to and with the first {@code end}. */
  record Until(String end) implements Node {}

  /** Any text that does not hold {@code text}. */
  record Without(String text) implements Node {}

  static Node text(String text) {
    return new Text(text);
  }

  static Node seq(Node... parts) {
    return new Seq(Arrays.asList(parts));
  }

  static Node alt(Node... parts) {
    return new Alt(Arrays.asList(parts));
  }

  static Node alt(List<Node> parts) {
    return parts.size() == 1 ? parts.getFirst() : new Alt(parts);
  }

  static Node optional(Node part) {
    return new Repeat(part, 0, 1);
  }

  static Node any(Node part) {
    return new Repeat(part, 0, UNBOUNDED);
  }

  static Node some(Node part) {
    return new Repeat(part, 1, UNBOUNDED);
  }

  static Node chars(CodePoints set) {
    return new Chars(set);
  }

  static Node ref(String rule) {
    return new Ref(rule);
  }
}
