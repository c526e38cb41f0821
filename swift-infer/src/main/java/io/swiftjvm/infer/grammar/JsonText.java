package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * JSON as text. Blanks may stand behind {@code [ &#123; , :} and before {@code ] &#125;}, as many as an indented text
 * has and no more, so that a model cannot go on with blanks for ever; numbers are short enough for a double.
 */
final class JsonText {
  static final Node STRING = Node.ref("json string");
  static final Node CHAR = Node.ref("json char");
  static final Node BLANKS = Node.ref("json blanks");
  static final Node INTEGER = Node.ref("json integer");
  static final Node NUMBER = Node.ref("json number");
  static final Node BOOLEAN = Node.alt(Node.text("true"), Node.text("false"));
  static final Node NULL = Node.text("null");
  static final Node VALUE = Node.ref("json value");
  static final Node OBJECT = Node.ref("json object");
  static final Node ARRAY = Node.ref("json array");
  static final Node COMMA = Node.seq(Node.text(","), BLANKS);
  static final Node COLON = Node.seq(Node.text(":"), Node.optional(Node.text(" ")));
  static final Node QUOTE = Node.text("\"");

  private static final int INDENT = 20;
  private static final int DIGITS = 14;
  private static final int EXPONENT = 2;
  private static final CodePoints CONTROL = CodePoints.of(0, 0x1F);
  /** Characters that stand for themselves in a string. */
  static final CodePoints PLAIN = CONTROL.or(CodePoints.of("\"\\")).not();
  private static final Map<Integer, String> SHORT =
      Map.of((int) '"', "\\\"", (int) '\\', "\\\\", (int) '\b', "\\b", (int) '\f', "\\f", (int) '\n', "\\n",
          (int) '\r', "\\r", (int) '\t', "\\t");

  private JsonText() {}

  /** Makes the rules that the constants name. */
  static void define(BiConsumer<String, Node> rule) {
    Node hex = Node.chars(CodePoints.HEX);
    // a half of a surrogate pair never stands alone
    Node unit = Node.alt(
        Node.seq(Node.chars(CodePoints.HEX.minus(CodePoints.of("dD"))), hex, hex, hex),
        Node.seq(Node.chars(CodePoints.of("dD")), Node.chars(CodePoints.of('0', '7')), hex, hex),
        Node.seq(Node.chars(CodePoints.of("dD")), Node.chars(CodePoints.of("89abAB")), hex, hex, Node.text("\\u"),
            Node.chars(CodePoints.of("dD")), Node.chars(CodePoints.of("cdefCDEF")), hex, hex));
    Node one = Node.alt(Node.chars(PLAIN), Node.seq(Node.text("\\"), Node.alt(
        Node.chars(CodePoints.of("\"\\/bfnrt")), Node.seq(Node.text("u"), unit))));
    rule.accept("json char", one);
    rule.accept("json string", Node.seq(QUOTE, Node.any(one), QUOTE));
    rule.accept("json blanks", Node.alt(Node.EMPTY, Node.text(" "),
        Node.seq(Node.text("\n"), new Node.Repeat(Node.text(" "), 0, INDENT))));
    Node digit = Node.chars(CodePoints.DIGITS);
    Node whole = Node.seq(Node.optional(Node.text("-")), Node.alt(Node.text("0"), Node.seq(
        Node.chars(CodePoints.of('1', '9')), new Node.Repeat(digit, 0, DIGITS))));
    rule.accept("json integer", whole);
    rule.accept("json number", Node.seq(whole,
        Node.optional(Node.seq(Node.text("."), new Node.Repeat(digit, 1, DIGITS))),
        Node.optional(Node.seq(Node.chars(CodePoints.of("eE")), Node.optional(Node.chars(CodePoints.of("+-"))),
            new Node.Repeat(digit, 1, EXPONENT)))));
    rule.accept("json value", Node.alt(OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NULL));
    rule.accept("json object", object(list(Node.seq(STRING, COLON, VALUE), 0, Node.UNBOUNDED)));
    rule.accept("json array", array(list(VALUE, 0, Node.UNBOUNDED)));
  }

  static Node object(Node members) {
    return Node.seq(Node.text("{"), BLANKS, members, BLANKS, Node.text("}"));
  }

  static Node array(Node elements) {
    return Node.seq(Node.text("["), BLANKS, elements, BLANKS, Node.text("]"));
  }

  /** So many parts with commas between them. */
  static Node list(Node part, int least, int most) {
    if (most == 0) {
      return Node.EMPTY;
    }
    int more = most == Node.UNBOUNDED ? most : most - 1;
    Node some = Node.seq(part, new Node.Repeat(Node.seq(COMMA, part), Math.max(0, least - 1), more));
    return least == 0 ? Node.optional(some) : some;
  }

  /** A value as it stands, written without blanks. */
  static Node literal(JsonNode value) {
    return Node.text(value.toString());
  }

  /** A node over the characters of a string as a node over their JSON. */
  static Node escaped(Node node) {
    return switch (node) {
      case Node.Chars chars -> escaped(chars.set());
      case Node.Text text -> {
        List<Node> parts = new ArrayList<>();
        text.text().codePoints().forEach(c -> parts.add(escaped(CodePoints.of(c, c))));
        yield new Node.Seq(parts);
      }
      case Node.Seq seq -> new Node.Seq(seq.parts().stream().map(JsonText::escaped).toList());
      case Node.Alt alt -> new Node.Alt(alt.parts().stream().map(JsonText::escaped).toList());
      case Node.Repeat repeat -> new Node.Repeat(escaped(repeat.part()), repeat.least(), repeat.most());
      case Node.And and -> new Node.And(escaped(and.left()), escaped(and.right()));
      case Node.Minus minus -> new Node.Minus(escaped(minus.left()), escaped(minus.right()));
      case Node.Ref ref -> ref;
      case Node.Token token -> token;
      case Node.Multiple multiple -> multiple;
      case Node.Until until -> until;
      case Node.Without without -> without;
    };
  }

  private static Node escaped(CodePoints set) {
    List<Node> parts = new ArrayList<>(List.of(Node.chars(set.and(PLAIN))));
    SHORT.forEach((c, text) -> {
      if (set.contains(c)) {
        parts.add(Node.text(text));
      }
    });
    for (int c = 0; c < ' '; c++) {
      if (set.contains(c) && !SHORT.containsKey(c)) {
        parts.add(Node.text(String.format("\\u%04x", c)));
      }
    }
    return Node.alt(parts);
  }
}
