package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.method.VeraSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
  private static final Recipe BASE = Swift.model("swift-tiny");

  static Stream<UnaryOperator<Recipe>> calls() {
    return Stream.of(
        r -> r.lora(l -> l.rank(16)), Recipe::full, r -> r.tuner(VeraSpec.DEFAULT.rank(8)), r -> r.onDevice("cpu"), r -> r.threads(2),
        r -> r.adapters(Path.of("some")), r -> r.dataset("a", "b"), r -> r.training(t -> t.seed(7)),
        Recipe::pretraining, r -> r.sampling(s -> s.topK(3)), r -> r.outputDir(Path.of("there")),
        r -> r.with("max-length", 77));
  }

  @ParameterizedTest
  @MethodSource("calls")
  void a_call_returns_another_recipe_and_leaves_this_one(UnaryOperator<Recipe> call) {
    Settings before = BASE.settings();
    Recipe changed = call.apply(BASE);
    assertThat(changed).isNotEqualTo(BASE).isEqualTo(call.apply(BASE)).hasSameHashCodeAs(call.apply(BASE));
    assertThat(BASE.settings()).isSameAs(before);
    assertThat(call.apply(changed)).isEqualTo(changed);
  }

  @Test
  void a_recipe_says_what_the_calls_said() {
    Settings s = BASE.lora(l -> l.rank(4).alpha(8)).onDevice(Swift.cpu()).threads(1).dataset("x.jsonl")
        .training(t -> t.optim(o -> o.learningRate(1e-3)).batch(b -> b.maxSteps(3))).with("template", "qwen3").settings();
    assertThat(s.tuner()).isEqualTo(LoraSpec.DEFAULT.rank(4).alpha(8));
    assertThat(s.device()).isEqualTo("cpu");
    assertThat(s.threads()).isEqualTo(1);
    assertThat(s.data().datasets()).containsExactly("x.jsonl");
    assertThat(s.train().optim().learningRate()).isEqualTo(1e-3);
    assertThat(s.train().batch().maxSteps()).isEqualTo(3);
    assertThat(s.text().template()).isEqualTo("qwen3");
    assertThat(BASE.pretraining().settings().task()).isEqualTo(Task.PT);
    assertThat(BASE.full().settings().tuner()).isEqualTo(FullSpec.DEFAULT);
  }

  @Test
  void lora_after_full_starts_from_the_defaults() {
    assertThat(BASE.lora(l -> l.rank(3)).full().lora(l -> l).settings().tuner()).isEqualTo(LoraSpec.DEFAULT);
  }

  @Test
  void lora_twice_keeps_what_the_first_call_chose() {
    assertThat(BASE.lora(l -> l.rank(3)).lora(l -> l.alpha(5)).settings().tuner())
        .isEqualTo(LoraSpec.DEFAULT.rank(3).alpha(5));
  }

  @Test
  void the_defaults_are_those_of_ms_swift() {
    Settings s = BASE.settings();
    assertThat(s.tuner()).isEqualTo(LoraSpec.DEFAULT);
    assertThat(s.train().batch().microBatches()).isEqualTo(16);
    assertThat(s.train().optim().rate(false)).isEqualTo(1e-4);
    assertThat(s.train().optim().rate(true)).isEqualTo(1e-5);
    assertThat(s.train().seed()).isEqualTo(42);
    assertThat(s.task()).isEqualTo(Task.SFT);
  }

  @Test
  void a_wrong_argument_is_refused_at_the_call() {
    assertThatThrownBy(() -> BASE.with("lora_rnk", 8)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'lora_rank'");
    assertThatThrownBy(() -> BASE.with("lora_rank", "eight")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'eight'");
    assertThatThrownBy(() -> BASE.threads(0)).isInstanceOf(InvalidPlanException.class).hasMessageContaining("num_threads");
    assertThatThrownBy(() -> BASE.lora(l -> l.rank(0))).isInstanceOf(InvalidPlanException.class);
  }

  @Test
  void lists_that_were_given_may_change_afterwards() {
    List<String> given = new java.util.ArrayList<>(List.of("a"));
    Recipe recipe = BASE.with("dataset", given);
    given.add("b");
    assertThat(recipe.settings().data().datasets()).containsExactly("a");
  }
}
