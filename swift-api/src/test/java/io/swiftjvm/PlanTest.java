package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.train.optimizer.ScheduleSpec;
import io.swiftjvm.train.optimizer.ScheduleType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PlanTest {
  private static final Recipe RECIPE = Swift.model("swift-tiny").lora(l -> l.rank(4)).dataset("swift/self-cognition")
      .with("model_name", "Zephyrine").with("model_author", "ACME: #1 \"Labs\"");

  @TempDir
  Path temp;

  static Stream<Recipe> recipes() {
    return Stream.of(
        Swift.model("swift-tiny"), RECIPE, RECIPE.full(), RECIPE.pretraining(), RECIPE.threads(2),
        RECIPE.training(t -> t.seed(Long.MAX_VALUE).optim(o -> o.learningRate(0.1 + 0.2))),
        RECIPE.training(t -> t.schedule(c -> c.settings(Map.of("num_cycles", 0.25)))),
        RECIPE.training(t -> t.schedule(c -> new ScheduleSpec(ScheduleType.COSINE_WITH_MIN_LR, 2, 0, Map.of("min_lr", 1e-6)))),
        RECIPE.lora(l -> l.rankPattern(Map.of("q_proj", 2))), RECIPE.lora(l -> l.alphaPattern(Map.of("q_proj", 2.0))),
        RECIPE.lora(l -> l.targets(t -> t.layers(0, 2))), RECIPE.lora(l -> l.targets(t -> t.exclude("q_proj"))),
        RECIPE.sampling(s -> s.noRepeatNgram(3)), RECIPE.sampling(s -> s.minTokens(1).logprobs(2).includeStop(true)),
        RECIPE.sampling(s -> s.stopTokenIds(List.of(1, 2)).stop(List.of("[END]"))),
        RECIPE.training(t -> t.checkpoint(c -> c.outputDir(null))),
        RECIPE.lora(l -> l.targets("q_proj", "v_proj").rsLora(true)),
        RECIPE.sampling(s -> s.temperature(0.5).seed(-1L)), RECIPE.with("columns", Map.of("a", "query")),
        RECIPE.with("system", "Zeile 1\nZeile 2: \u00e4\ud83d\ude00 --- {x}"), RECIPE.with("system", ""),
        RECIPE.with("model_name", "yes"), RECIPE.with("model_name", "0x1F"), RECIPE.with("model_name", "[x]"));
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void a_plan_read_from_its_json_or_yaml_is_the_same_plan(Recipe recipe) throws IOException {
    Plan plan = recipe.plan();
    Plan json = Swift.plan(Files.writeString(temp.resolve("p.json"), plan.toJson()));
    Plan yaml = Swift.plan(Files.writeString(temp.resolve("p.yaml"), plan.toYaml()));
    assertThat(json).isEqualTo(plan).hasSameHashCodeAs(plan);
    assertThat(yaml).isEqualTo(plan);
    assertThat(json.toJson()).isEqualTo(plan.toJson());
    assertThat(yaml.toYaml()).isEqualTo(plan.toYaml());
    assertThat(json.explain()).isEqualTo(plan.explain());
  }

  @Test
  void two_plans_are_equal_where_their_recipes_are() {
    assertThat(RECIPE.plan()).isEqualTo(RECIPE.plan()).isNotEqualTo(RECIPE.threads(1).plan());
  }

  @Test
  void a_plan_explains_every_decision_with_its_reason() {
    assertThat(RECIPE.plan().explain()).contains("qwen3", "embedded swift-tiny", "as stored", "auto:", "sft",
        "lora r=4 alpha=32.0", "all-linear", "1 x 16", "adamw lr=1.0E-4", "default of lora", "cosine", "recompute",
        "same plan and seeds", "output", "memory");
    assertThat(RECIPE.full().plan().explain()).contains("full", "default of full").doesNotContain("lora r=");
    assertThat(RECIPE.onDevice("cpu").with("learning_rate", 0.5).with("max_steps", 9).with("packing", true)
        .with("max_length", 99).plan().explain()).contains("asked for", "lr=0.5", "9 steps", "99 tokens", "packed");
    assertThat(RECIPE.with("mmap", false).plan().explain()).contains("copied (mmap false)", "mapped file + ");
    assertThat(Swift.model("swift-tiny").with("mmap", false).with("quant_method", "swift").with("quant_bits", 8).plan().explain())
        .contains("mapped from the file").doesNotContain("mmap false");
    assertThat(Swift.model("swift-tiny").plan().explain()).contains("model", "memory").doesNotContain("schedule");
  }

  @Test
  void explaining_writes_nothing() throws IOException {
    RECIPE.outputDir(temp.resolve("out")).plan().explain();
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void a_plan_shows_itself_as_yaml() {
    assertThat(RECIPE.plan().toString()).contains("model: \"swift-tiny\"", "lora_rank: 4");
  }
}
