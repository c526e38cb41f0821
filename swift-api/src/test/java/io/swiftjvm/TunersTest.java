package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.StreamListener;
import io.swiftjvm.infer.TokenLogprob;
import io.swiftjvm.plan.PlanFiles;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.AdapterMix;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.ShiftedAttention;
import io.swiftjvm.tuner.TunerMethod;
import io.swiftjvm.tuner.method.ProjectionSpec;
import io.swiftjvm.tuner.method.TunerMethods;
import io.swiftjvm.tuner.method.TunerSpec;
import io.swiftjvm.tuner.method.VeraSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every tuner_type on its whole way: plan, training, checkpoint, loading, resuming, answers, merging. */
class TunersTest {
  /** What a method needs on a model as small as the embedded one. */
  private static final Map<String, Map<String, Object>> SMALL = Map.of(
      "c3a", Map.of("c3a_block_size", 32), "vblora", Map.of("vblora_vector_length", 32), "road",
      Map.of("road_group_size", 32), "trainable_tokens", Map.of("trainable_token_indices", List.of(5, 300, 2047)),
      "vera", Map.of("vera_rank", 16), "llamapro", Map.of("llamapro_num_new_blocks", 1), "full", Map.of("freeze_parameters_ratio", 0.5));

  private static final int[] PROMPT = {5, 300, 77, 1200, 9, 640};

  @TempDir
  static Path temp;

  private static Path lora;

  @BeforeAll
  static void one_adapter_to_be_mixed() {
    lora = trained(recipe("lora", "mixed", 3));
  }

  static Stream<String> methods() {
    return TunerMethods.all().stream().map(TunerMethod::name).filter(name -> !name.equals("dora"));
  }

  private static Recipe recipe(String method, String folder, int steps) {
    Recipe recipe = Swift.model("swift-tiny").with("tuner_type", method).dataset("swift/self-cognition#4")
        .with("model_name", "Zephyrine").with("model_author", "ACME").threads(2).outputDir(temp.resolve(folder))
        .training(t -> t.optim(o -> o.learningRate(1e-2)).batch(b -> b.perDevice(2).accumulation(1).maxSteps(steps))
            .schedule(c -> c.type("constant")));
    for (Map.Entry<String, Object> setting : SMALL.getOrDefault(method, Map.of()).entrySet()) {
      recipe = recipe.with(setting.getKey(), setting.getValue());
    }
    return method.equals("xlora") ? recipe.with("xlora_adapters", "one=" + lora) : recipe;
  }

  private static Path trained(Recipe recipe) {
    try (Run run = recipe.train()) {
      return run.checkpoint().orElseThrow();
    }
  }

  private static Settings read(Plan plan) {
    return io.swiftjvm.plan.Arguments.apply(Settings.DEFAULT, PlanFiles.parse(plan.toYaml(), true, "test"));
  }

  /** Scores of a greedy answer, which show the last bit of the logits. */
  private static List<Double> scores(Run run) {
    Completion answer = run.generate(PROMPT, SamplingParams.GREEDY.maxTokens(4).ignoreEos(true).logprobs(3),
        StreamListener.NONE, new CancellationToken());
    return answer.logprobs().stream().map(TokenLogprob::logprob).toList();
  }

  private static byte[] weights(Path checkpoint) {
    try {
      boolean adapter = Files.exists(checkpoint.resolve(AdapterFiles.WEIGHTS));
      return Files.readAllBytes(checkpoint.resolve(adapter ? AdapterFiles.WEIGHTS : "model.safetensors"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void a_method_trains_saves_loads_resumes_and_answers_to_the_last_bit(String method) {
    Recipe recipe = recipe(method, method, 3).with("save_steps", 2);
    Plan plan = recipe.plan();
    assertThat(read(plan)).isEqualTo(plan.settings());
    assertThat(plan.explain()).contains(method);
    Path whole;
    List<Double> scores;
    try (Run run = plan.train()) {
      whole = run.checkpoint().orElseThrow();
      scores = scores(run);
    }
    Path rest = trained(recipe(method, method + "-rest", 3)
        .with("resume_from_checkpoint", whole.resolveSibling("checkpoint-2").toString()));
    assertThat(weights(rest)).isEqualTo(weights(whole));
    Recipe bare = Swift.model("swift-tiny").threads(2);
    try (Run again = (plan.settings().tuner().full() ? Swift.model(whole.toString()).threads(2) : bare.adapters(whole)).load();
        Run base = bare.load()) {
      assertThat(scores(again)).isEqualTo(scores).isNotEqualTo(scores(base));
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void what_can_be_merged_is_merged_and_the_rest_refused(String method) {
    Path folder = temp.resolve(method + "-merged");
    try (Run run = recipe(method, method + "-m", 1).train()) {
      if (run.plan().settings().tuner() instanceof TunerSpec spec && spec.unmergeable() != null) {
        assertThatThrownBy(() -> run.export(folder, false)).isInstanceOf(InvalidPlanException.class)
            .hasMessageContaining("merged");
        return;
      }
      List<Double> scores = scores(run);
      run.export(folder, false);
      try (Run merged = Swift.model(folder.toString()).threads(2).load()) {
        List<Double> again = scores(merged);
        for (int i = 0; i < again.size(); i++) {
          assertThat(again.get(i)).isCloseTo(scores.get(i), within(0.05)); // stored in bfloat16
        }
      }
    }
  }

  @Test
  void a_training_goes_on_with_the_method_of_its_adapter() {
    Path vera = trained(recipe("vera", "more", 1));
    Recipe more = recipe("vera", "more2", 1).adapters(vera);
    assertThat(trained(more)).isNotNull();
    assertThatThrownBy(() -> more.with("tuner_type", "lora").plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("--tuner_type vera");
  }

  @Test
  void a_training_that_goes_on_with_a_lora_leaves_a_frozen_a_as_it_is_and_keeps_its_rates() throws IOException {
    Recipe frozen = recipe("lora", "fa", 1).with("lora_fa", true).with("lorap_lr_ratio", 16);
    Path first = trained(frozen);
    Path second = trained(recipe("lora", "fa2", 2).adapters(first));
    try (SafetensorsFile before = SafetensorsFile.open(first.resolve(AdapterFiles.WEIGHTS));
        SafetensorsFile after = SafetensorsFile.open(second.resolve(AdapterFiles.WEIGHTS))) {
      for (String name : before.names()) {
        boolean same = before.entry(name).data().mismatch(after.entry(name).data()) < 0;
        assertThat(same).as(name).isEqualTo(name.endsWith("lora_A.weight"));
      }
    }
    assertThat(Files.readString(second.resolve("additional_config.json"))).contains("\"lora_fa\" : true", "16");
    Path plain = trained(recipe("lora", "fa3", 1));
    assertThat(plain.resolve("additional_config.json")).doesNotExist();
  }

  @Test
  void a_start_from_gradients_changes_no_answer_and_is_saved_resumed_and_read_as_a_plain_lora() {
    Recipe recipe = recipe("lora", "ga", 4).with("init_weights", "lora-ga").with("save_steps", 2)
        .with("lora_ga_batch_size", 1).with("learning_rate", 1e-3);
    List<Double> losses = new ArrayList<>();
    List<Double> scores;
    Path whole;
    try (Run run = recipe.plan().train(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        losses.add(end.loss());
      }
    }, new CancellationToken())) {
      whole = run.checkpoint().orElseThrow();
      scores = scores(run);
    }
    List<Double> plain = new ArrayList<>();
    try (Run run = recipe("lora", "ga-plain", 1).plan().train(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        plain.add(end.loss());
      }
    }, new CancellationToken())) {
      assertThat(run.result()).isPresent();
    }
    // Only dropout, which differs on what the start adds and takes away, tells the two apart.
    assertThat(losses.getFirst()).isCloseTo(plain.getFirst(), within(0.02 * plain.getFirst()));
    assertThat(losses.getLast()).isLessThan(losses.getFirst() / 2);
    Path rest = trained(recipe.outputDir(temp.resolve("ga-rest"))
        .with("resume_from_checkpoint", whole.resolveSibling("checkpoint-2").toString()));
    assertThat(weights(rest)).isEqualTo(weights(whole));
    assertThat(AdapterFiles.readSpec(whole).rank()).isEqualTo(16);
    try (Run again = Swift.model("swift-tiny").threads(2).adapters(whole).load()) {
      List<Double> loaded = scores(again);
      for (int i = 0; i < scores.size(); i++) {
        assertThat(loaded.get(i)).isCloseTo(scores.get(i), within(1e-3));
      }
    }
  }

  @Test
  void a_rank_that_no_projection_can_use_is_refused_by_its_name() {
    for (String dora : List.of("false", "true")) {
      assertThatThrownBy(() -> recipe("lora", "no", 1).with("lora_rank", 1_000_000).with("use_dora", dora).plan())
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("lora_rank is 1000000").hasMessageContaining("160");
    }
  }

  @Test
  void settings_that_do_not_fit_the_model_are_refused_when_the_plan_is_built() {
    assertThatThrownBy(() -> recipe("c3a", "no", 1).with("c3a_block_size", 77).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("blocks of 77");
    assertThatThrownBy(() -> recipe("vera", "no", 1).with("target_modules", "w_q").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'w_q'").hasMessageContaining("q_proj");
    assertThatThrownBy(() -> recipe("lora", "no", 1).with("tuner_type", "trainable_tokens").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("trainable_token_indices");
    assertThatThrownBy(() -> recipe("lora", "no", 1).with("init_weights", "loftq").with("quant_method", "bnb").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("Leave out quant_method");
    assertThatThrownBy(() -> recipe("lora", "no", 1).with("modules_to_save", "lm_head").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'lm_head'");
    assertThatThrownBy(() -> recipe("lora", "no", 1).with("vera_rank", 8))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("tuner_type lora").hasMessageContaining("vera");
    assertThatThrownBy(() -> recipe("full", "no", 1).with("freeze_parameters", "nothing").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'nothing'");
  }

  static Stream<Arguments> changesOfTheBase() {
    return Stream.of(
        Arguments.of("beside", Map.of("modules_to_save", List.of("norm", "embed_tokens"), "lora_fa", true)),
        Arguments.of("loftq", Map.of("init_weights", "loftq", "loftq_iter", 2)));
  }

  @ParameterizedTest
  @MethodSource("changesOfTheBase")
  void what_changes_the_base_beside_a_lora_is_saved_resumed_and_merged_with_it(String name, Map<String, Object> settings) {
    Recipe recipe = recipe("lora", name, 3).with("save_steps", 2);
    for (Map.Entry<String, Object> setting : settings.entrySet()) {
      recipe = recipe.with(setting.getKey(), setting.getValue());
    }
    assertThat(read(recipe.plan())).isEqualTo(recipe.settings());
    List<Double> scores;
    Path whole;
    try (Run run = recipe.train()) {
      whole = run.checkpoint().orElseThrow();
      scores = scores(run);
      run.export(temp.resolve(name + "-merged"), false);
    }
    Path rest = trained(recipe.outputDir(temp.resolve(name + "-rest"))
        .with("resume_from_checkpoint", whole.resolveSibling("checkpoint-2").toString()));
    assertThat(weights(rest)).isEqualTo(weights(whole));
    try (Run again = Swift.model("swift-tiny").threads(2).adapters(whole).load();
        Run merged = Swift.model(temp.resolve(name + "-merged").toString()).threads(2).load()) {
      assertThat(scores(again)).isEqualTo(scores);
      assertThat(scores(merged).getFirst()).isCloseTo(scores.getFirst(), within(0.05));
    }
  }

  @Test
  void layers_that_learn_in_turns_all_change_and_a_resumed_run_draws_the_same() {
    Recipe recipe = recipe("full", "lisa", 8).with("freeze_parameters_ratio", 0).with("lisa_activated_layers", 2)
        .with("lisa_step_interval", 2).with("save_steps", 3);
    Path whole = trained(recipe);
    for (int step : new int[] {3, 6}) {
      Path rest = trained(recipe.outputDir(temp.resolve("lisa-rest" + step))
          .with("resume_from_checkpoint", whole.resolveSibling("checkpoint-" + step).toString()));
      assertThat(weights(rest)).isEqualTo(weights(whole));
    }
    assertThatThrownBy(() -> recipe.with("lisa_activated_layers", 6).plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("lisa_activated_layers is 6");
  }

  @Test
  void new_blocks_leave_the_answers_as_they_are_until_they_learn() {
    Recipe still = recipe("llamapro", "still", 1).with("llamapro_num_new_blocks", 5).with("learning_rate", 1e-30);
    try (Run run = still.train(); Run base = Swift.model("swift-tiny").threads(2).load()) {
      assertThat(run.loaded().model().config().layerCount()).isEqualTo(10);
      List<Double> scores = scores(run);
      for (int i = 0; i < scores.size(); i++) {
        assertThat(scores.get(i)).isCloseTo(scores(base).get(i), within(1e-4));
      }
    }
    assertThatThrownBy(() -> still.with("llamapro_num_new_blocks", 3).plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("5 layers");
  }

  @Test
  void attention_over_groups_is_trained_with_saved_as_a_lora_and_resumed() {
    Recipe recipe = Swift.model(OracleFiles.path("models/llama3").toString()).with("task_type", "pt")
        .with("tuner_type", "longlora").with("max_length", 64).with("packing", true).dataset("swift/self-cognition#6")
        .with("model_name", "Zephyrine").with("model_author", "ACME").threads(2).outputDir(temp.resolve("long"))
        .with("save_steps", 2).training(t -> t.batch(b -> b.perDevice(1).accumulation(1).maxSteps(3)));
    Plan plan = recipe.plan();
    assertThat(read(plan)).isEqualTo(plan.settings());
    assertThat(((LoraSpec) plan.settings().tuner()).attention()).isEqualTo(new ShiftedAttention(0.25, 64));
    List<Double> losses = new ArrayList<>();
    Path whole;
    try (Run run = plan.train(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        losses.add(end.loss());
      }
    }, new CancellationToken())) {
      whole = run.checkpoint().orElseThrow();
    }
    assertThat(AdapterFiles.readSpec(whole).modulesToSave()).containsExactly("embed_tokens", "norm");
    Path rest = trained(recipe.outputDir(temp.resolve("long-rest"))
        .with("resume_from_checkpoint", whole.resolveSibling("checkpoint-2").toString()));
    assertThat(weights(rest)).isEqualTo(weights(whole));
    // The first step sees other tokens than under the whole attention, and so loses otherwise.
    try (Run run = recipe.outputDir(temp.resolve("whole")).with("group_size_ratio", 0).plan().train(event -> {
      if (event instanceof TrainEvent.StepEnd end && end.step() == 1) {
        assertThat(end.loss()).isNotEqualTo(losses.getFirst());
      }
    }, new CancellationToken())) {
      assertThat(run.result()).isPresent();
    }
    assertThatThrownBy(() -> recipe("longlora", "no", 1).with("max_length", 64).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("llama");
    assertThatThrownBy(() -> recipe("longlora", "no", 1).plan()).hasMessageContaining("Set max_length");
    assertThatThrownBy(() -> recipe.with("max_length", 100).plan()).hasMessageContaining("multiple of 8");
  }

  @Test
  void attached_adapters_become_one() {
    try (Run run = Swift.model("swift-tiny").threads(2).load()) {
      run.attach("one", lora);
      List<Double> one = scores(run);
      run.attach("two", lora);
      run.mix("both", Map.of("one", 0.5, "two", 0.5), AdapterMix.CAT, 1);
      List<Double> both = scores(run);
      for (int i = 0; i < one.size(); i++) {
        assertThat(both.get(i)).isCloseTo(one.get(i), within(1e-3));
      }
      run.mix("less", Map.of("one", 0.5, "two", 0.5), AdapterMix.DARE_TIES, 0.5);
      assertThat(scores(run)).isNotEqualTo(one);
    }
  }

  @Test
  void dora_is_a_switch_of_lora_and_a_spec_may_be_given_in_java() {
    Recipe dora = recipe("lora", "dora", 1).with("use_dora", true).with("lora_rank", 4);
    assertThat(dora.plan().toYaml()).contains("tuner_type: \"lora\"").contains("use_dora: true").contains("lora_rank: 4");
    assertThat(read(dora.plan())).isEqualTo(dora.settings());
    assertThat(dora.plan().explain()).contains("dora");
    assertThat(dora.plan().settings().tuner()).isInstanceOf(ProjectionSpec.class);
    assertThat(Swift.model("swift-tiny").tuner(VeraSpec.DEFAULT.rank(8)))
        .isEqualTo(Swift.model("swift-tiny").with("tuner_type", "vera").with("vera_rank", 8));
  }
}
