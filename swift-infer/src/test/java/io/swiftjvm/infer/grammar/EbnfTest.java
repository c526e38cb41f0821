package io.swiftjvm.infer.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EbnfTest {
  private static final String SUMS = """
      # sums as llama.cpp's documentation has them
      root  ::= (expr "=" ws term "\\n"){1,2}
      expr  ::= term ([-+*/] term)*
      term  ::= ident | num | "(" ws expr ")" ws
      ident ::= [a-z] [a-z0-9_]* ws
      num   ::= [0-9]+ ws
      ws    ::= [ \\t\\n]*
      """;
  private static final String SQL = """
      // a subset of SQL in Lark's form
      %import common.CNAME
      %import common.SIGNED_NUMBER -> NUM
      ?start: "SELECT "i columns " FROM " CNAME [" WHERE " condition] ";"?
      columns: columns ", " CNAME -> many
             | CNAME
             | "*"
      condition.2: CNAME OP value
      OP: " = " | " < "
      value: NUM | "'" /[^']{0,9}/ "'" | "a".."f" ~ 2..3
      """;

  @Test
  void texts_are_taken_as_the_rules_say() {
    Grammar sums = Grammar.ebnf(SUMS);
    assertThat(List.of("1=2\n", "a+(b1*3) = 4 \n", "((x))=y\n1=1\n")).allMatch(text -> Drawn.matches(sums, text));
    assertThat(List.of("1=2", "1==2\n", "(1=2\n", "1=1\n1=1\n1=1\n", "")).noneMatch(t -> Drawn.matches(sums, t));
    Grammar sql = Grammar.ebnf(SQL);
    assertThat(List.of("SELECT a FROM t", "select a, b, c FROM t WHERE a = -1.5;", "SELECT * FROM x WHERE y < 'q'",
        "SELECT * FROM x WHERE y < abc")).allMatch(text -> Drawn.matches(sql, text));
    assertThat(List.of("SELECT FROM t", "SELECT a, FROM t", "SELECT * FROM x WHERE", "SELECT * FROM x WHERE y < g"))
        .noneMatch(text -> Drawn.matches(sql, text));
  }

  @Test
  void what_is_drawn_is_taken_back() {
    for (String rules : List.of(SUMS, SQL)) {
      Grammar grammar = Grammar.ebnf(rules);
      int finished = 0;
      for (long seed = 0; seed < 40; seed++) {
        String text = Drawn.text(grammar, seed, 300);
        if (text != null) {
          finished++;
          assertThat(Drawn.matches(grammar, text)).as(text).isTrue();
        }
      }
      assertThat(finished).isPositive();
    }
  }

  @Test
  void ambiguous_and_nested_rules_are_followed() {
    Grammar twice = Grammar.ebnf("root ::= a | b\na ::= \"(\" root \")\" | \"x\"\nb ::= \"(\" root \"]\" | \"x\"");
    assertThat(Drawn.matches(twice, "(".repeat(200) + "x" + ")]".repeat(100))).isTrue();
    Grammar optional = Grammar.ebnf("root ::= o o o \"!\"\no ::= p*\np ::= \"a\" o \"b\" | \"c\"?  \"d\"");
    assertThat(List.of("!", "ab!", "dcdaabdb!", "aabbab!")).allMatch(text -> Drawn.matches(optional, text));
    assertThat(List.of("", "a!", "abb!", "c!")).noneMatch(text -> Drawn.matches(optional, text));
    Grammar tail = Grammar.ebnf("root ::= \"a\" root | \"b\"");
    assertThat(Drawn.matches(tail, "a".repeat(5000) + "b")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "root", "root ::= x", "root ::= \"a", "root ::= [a", "root ::= (\"a\"",
      "root ::= root \"a\"", "root ::= a\na ::= b \"x\"\nb ::= a | \"y\"", "root ::= \"a\"{5,2}",
      "root ::= \"a\"{1,99999999}", "root ::= root", "a: \"x\"\n%ignore \" \"", "%import common.NOTHING\na: \"x\"",
      "a: \"x\"\na: \"y\"", "a: /x/i", "root ::= \"a\" root", "%import python.NUMBER"})
  void what_cannot_be_is_refused(String rules) {
    assertThatThrownBy(() -> Drawn.COMPILER.matcher(Grammar.ebnf(rules))).as(rules)
        .isInstanceOf(InvalidPlanException.class).hasMessageStartingWith("The ");
  }

  @Test
  void rules_that_only_look_small_are_refused_in_time() {
    StringBuilder chain = new StringBuilder("root ::= r0\n");
    StringBuilder nothing = new StringBuilder("root ::= r0\n");
    for (int i = 0; i < 8000; i++) {
      chain.append("r").append(i).append(" ::= r").append(i + 1).append(" \"x\"\n");
      nothing.append("r").append(i).append(" ::= r").append(i + 1).append("?\n");
    }
    String stars = "root ::= \"a\"" + "*".repeat(200_000);
    for (String rules : List.of(chain + "r8000 ::= \"y\"", nothing + "r8000 ::= \"y\"", stars)) {
      assertThatThrownBy(() -> Drawn.HASTY.matcher(Grammar.ebnf(rules))).isInstanceOf(InvalidPlanException.class);
    }
  }

  @Test
  void deep_brackets_are_refused_and_not_followed() {
    String deep = "root ::= " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000);
    assertThatThrownBy(() -> Drawn.HASTY.matcher(Grammar.ebnf(deep))).isInstanceOf(InvalidPlanException.class);
  }
}
