package io.swiftjvm.infer.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexTest {
  @ParameterizedTest
  @ValueSource(strings = {"[0-9]{4}-[0-9]{2}", "(a|b)*abb", "(a+)+$", "^x{2,5}?(?:yz)*$", "\\d+\\.\\d{1,3}", "[^a-z\\s]{1,3}",
      "(é|日本|😀)+", "\\w+@\\w+\\.(com|org)", "a?b?c?", "[\\u00e0-\\u00ff]{2}", "(?<year>19|20)\\d\\d", ".{0,8}end",
      "(0|[1-9]\\d*)", "[a\\-z\\]]+", "a{3}", "a{2,}b", "\\(\\)\\[\\]", "x|", "[]a]{2}", "\\x41\\n"})
  void what_is_drawn_matches_as_a_regex_engine_says(String pattern) {
    Pattern java = Pattern.compile(pattern.replace("[]a]", "[\\]a]"));
    int finished = 0;
    for (long seed = 0; seed < 60; seed++) {
      String text = Drawn.text(Grammar.regex(pattern), seed, 200);
      if (text != null) {
        finished++;
        assertThat(java.matcher(text).matches()).as("%s: %s", pattern, text).isTrue();
      }
    }
    assertThat(finished).isGreaterThan(20);
  }

  @Test
  void texts_are_taken_exactly_where_the_pattern_matches() {
    Grammar even = Grammar.regex("(aa)*b");
    assertThat(List.of("b", "aab", "aaaab")).allMatch(text -> Drawn.matches(even, text));
    assertThat(List.of("", "ab", "aaab", "aabb", "c")).noneMatch(text -> Drawn.matches(even, text));
    Grammar choice = Grammar.choice(List.of("yes", "no", "yesterday"));
    assertThat(List.of("yes", "no", "yesterday")).allMatch(text -> Drawn.matches(choice, text));
    assertThat(List.of("y", "yest", "noo", "")).noneMatch(text -> Drawn.matches(choice, text));
  }

  @Test
  void parts_are_put_together() {
    Grammar call = Grammar.sequence(Grammar.until("</think>"), Grammar.text("\n"),
        Grammar.repeat(Grammar.oneOf(List.of(Grammar.text("a"), Grammar.regex("[0-9]"))), 1, 3));
    assertThat(List.of("</think>\na", "x<</think>\n1a2", "</thin</think>\n123"))
        .allMatch(text -> Drawn.matches(call, text));
    assertThat(List.of("</think>\n", "</think>\n1a23", "</think></think>\n1", "a"))
        .noneMatch(text -> Drawn.matches(call, text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a{1,99999999}", "a{1,99999999999999999999}", "(a", "a)", "[a", "*a", "a**", "a{2}{3}", "(?=a)b", "(a)\\1",
      "a\\", "[z-a]", "\\p{L}", "a{3,2}", "(^a|b$)c", "((a{1,1000}){1,1000}){1,1000}", "(.*a.{30})", "\\q", "\\u12"})
  void what_cannot_be_is_refused(String pattern) {
    assertThatThrownBy(() -> Drawn.COMPILER.matcher(Grammar.regex(pattern))).isInstanceOf(InvalidPlanException.class)
        .hasMessageMatching("(?s)The (regular expression|grammar) .*");
  }

  @Test
  void patterns_that_match_nothing_and_endless_ones_are_refused() {
    String deep = "(".repeat(500) + "a" + ")".repeat(500);
    String wide = "(a|b|c){0,5000}".repeat(40);
    // subsets of thousands of states each
    String thick = "(a{0,5000}){2}|(a{0,4999}b?){2}";
    for (String pattern : List.of(deep, wide, thick, "((a{9999}){9999}){9999}", "x".repeat(5000))) {
      assertThatThrownBy(() -> Drawn.HASTY.matcher(Grammar.regex(pattern)))
          .isInstanceOf(InvalidPlanException.class);
    }
  }
}
