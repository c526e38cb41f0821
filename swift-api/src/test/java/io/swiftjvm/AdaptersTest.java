package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.SwiftException;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.run.ChatEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several adapters on one base: each call chooses, the base stays. */
class AdaptersTest {
  private static final String QUESTION = "Who are you?";
  private static final Recipe BASE = Swift.model("swift-tiny").sampling(s -> s.temperature(0.0).maxTokens(12));

  @TempDir
  static Path temp;
  private static Path one;
  private static Path two;
  private static List<Integer> bare;

  @BeforeAll
  static void train() {
    one = adapter("Zephyrine", 0.01);
    two = adapter("Otto", 0.02);
    try (Run run = BASE.load()) {
      bare = run.chat(QUESTION).tokens();
    }
  }

  private static Path adapter(String name, double rate) {
    try (Run run = BASE.lora(l -> l.rank(4)).with("model_name", name).with("model_author", "ACME").with("max_steps", 8)
        .with("learning_rate", rate).with("gradient_accumulation_steps", 4).outputDir(temp.resolve(name)).train("swift/self-cognition#4")) {
      return run.checkpoint().orElseThrow();
    }
  }

  private static List<Integer> alone(Path adapter) {
    try (Run run = BASE.adapters(adapter).load()) {
      return run.chat(QUESTION).tokens();
    }
  }

  @Test
  void adapters_give_different_answers_and_the_base_is_unchanged() {
    try (Run run = BASE.load()) {
      run.attach("one", one);
      run.attach("two", two);
      List<Integer> second = run.chat(QUESTION).tokens();
      run.activate("one");
      List<Integer> first = run.chat(QUESTION).tokens();
      run.activate();
      assertThat(run.chat(QUESTION).tokens()).isEqualTo(bare);
      assertThat(first).isEqualTo(alone(one)).isNotEqualTo(bare);
      assertThat(second).isEqualTo(alone(two)).isNotEqualTo(bare).isNotEqualTo(first);
    }
  }

  @Test
  void requests_of_one_batch_each_choose_their_adapters() {
    try (Run run = BASE.load()) {
      run.attach("one", one);
      run.attach("two", two);
      int[] prompt = ChatEncoder.prompt(run.loaded(), List.of(Map.of("role", "user", "content", QUESTION)),
          run.plan().settings().text());
      GenerateRequest request = GenerateRequest.of(prompt).sampling(run.plan().settings().sampling());
      List<List<Integer>> answers = new Engine(run.loaded().model(), run.loaded().tokenizer())
          .generate(List.of(request.adapters(List.of("two")), request.adapters(List.of()), request.adapters(List.of("one"))))
          .stream().map(Completion::tokens).toList();
      assertThat(answers).containsExactly(alone(two), bare, alone(one));
    }
  }

  @Test
  void adapters_of_the_plan_add_up() {
    try (Run run = BASE.adapters(one, two).load()) {
      assertThat(run.loaded().adapters()).hasSize(2);
      List<Integer> both = run.chat(QUESTION).tokens();
      run.activate(run.loaded().adapters().getFirst());
      assertThat(run.chat(QUESTION).tokens()).isEqualTo(alone(one)).isNotEqualTo(both);
    }
  }

  @Test
  void a_training_starts_from_an_adapter() {
    try (Run run = BASE.adapters(one).with("model_name", "A").with("model_author", "B").with("max_steps", 1)
        .with("learning_rate", 1e-12).outputDir(temp.resolve("more")).train("swift/self-cognition#4")) {
      assertThat(run.chat(QUESTION).tokens()).isEqualTo(alone(one));
    }
  }

  @Test
  void a_name_that_is_not_there_or_is_there_already_is_refused() {
    try (Run run = BASE.load()) {
      run.attach("one", one);
      assertThatThrownBy(() -> run.attach("one", two)).isInstanceOf(SwiftException.class).hasMessageContaining("one");
      assertThat(run.chat(QUESTION).tokens()).isEqualTo(alone(one));
      assertThatThrownBy(() -> {
        run.activate("three");
        run.chat(QUESTION);
      }).isInstanceOf(SwiftException.class).hasMessageContaining("three");
    }
  }
}
