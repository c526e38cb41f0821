package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the goldens cannot show, because ms-swift loses the row or has no row for it. */
class LossFilterTest {
  private static List<String> cut(String filter, String text, String query) {
    return LossFilter.of(filter).cut(Piece.of(text, 1), query).stream().filter(p -> !"".equals(p.text()))
        .map(p -> p.text() + "=" + p.weight()).toList();
  }

  @Test
  void agentflan_weighs_calls_three_times() {
    assertThat(cut("agentflan", "Thought: t\nAction: add\nObservation: 3", "go")).containsExactly(
        "Thought:=1.0", " t\n=1.0", "Action:=1.0", " add\n=3.0", "Observation:=2.0", " 3=0.0");
  }

  @Test
  void agentflan_weighs_the_answer_to_a_question_about_the_call_three_times() {
    assertThat(cut("agentflan", "add", "What is the tool you want to use?")).containsExactly("add=3.0");
  }

  @Test
  void alpha_umi_weighs_the_next_step_twice() {
    assertThat(cut("alpha_umi", "Next: caller", "go")).containsExactly("Next:=2.0", " caller=2.0");
  }

  @Test
  void an_empty_block_of_any_family_is_not_trained() {
    assertThat(cut("ignore_empty_think", "</think>\nA", "")).containsExactly("</think>\n=0.0", "A=1.0");
    assertThat(cut("ignore_empty_think", SeedBudget.NONE + "A", "")).containsExactly(SeedBudget.NONE + "=0.0", "A=1.0");
    assertThat(cut("ignore_empty_think", "A</think>", "")).containsExactly("A</think>=1.0");
  }

  @Test
  void an_unknown_strategy_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> EncodeOptions.defaults().lossScale("default+hermis"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'hermis'").hasMessageContaining("alpha_umi")
        .hasMessageContaining("last_round");
  }
}
