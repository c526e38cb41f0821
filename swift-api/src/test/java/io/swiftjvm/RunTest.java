package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.infer.StreamListener;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.serve.ModelServer;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.train.CancellationToken;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A live model from its opening to after its end. */
class RunTest {
  private static final Recipe RECIPE = Swift.model("swift-tiny").sampling(s -> s.temperature(0.0).maxTokens(5));

  @TempDir
  Path temp;

  static Stream<Consumer<Run>> uses() {
    return Stream.of(
        run -> run.chat("Hi"), run -> run.complete("Hi"), run -> run.attach("x", Path.of("x")),
        run -> run.export(Path.of("target/never-written"), true), run -> run.loaded().tokenizer(),
        run -> run.generate(new int[] {1, 2}, run.plan().settings().sampling(), StreamListener.NONE, new CancellationToken()));
  }

  @ParameterizedTest
  @MethodSource("uses")
  void use_after_close_throws(Consumer<Run> use) {
    Run run = RECIPE.load();
    run.chat("Hi");
    run.close();
    assertThatThrownBy(() -> use.accept(run)).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @MethodSource("uses")
  void use_after_close_throws_where_nothing_was_asked_before(Consumer<Run> use) {
    Run run = RECIPE.load();
    run.close();
    assertThatThrownBy(() -> use.accept(run)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_run_tells_what_its_device_has_no_kernel_for() {
    try (Run run = RECIPE.onDevice("mps,cpu").load()) {
      run.chat("Hi");
      assertThat(run.fallbacks()).isEmpty();
      run.loaded().backend().fallbacks().other("fill", "no kernel, computed on the host");
      assertThat(run.fallbacks()).extracting(Object::toString)
          .containsExactly("fill: no kernel, computed on the host, 1 time");
    }
  }

  @Test
  void a_training_beside_fp16_weights_scales_its_loss_and_one_beside_others_does_not() throws IOException {
    for (String dtype : List.of("float16", "bfloat16")) {
      try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(2)).with("torch_dtype", dtype).with("max_steps", 1).with("model_name", "Otto").with("model_author", "ACME")
          .with("gradient_accumulation_steps", 1).outputDir(temp.resolve(dtype)).train("swift/self-cognition#4")) {
        String state = Files.readString(run.checkpoint().orElseThrow().resolve("trainer_state.json"));
        assertThat(state.contains("\"loss_scale\" : 65536")).as(state).isEqualTo(dtype.equals("float16"));
      }
    }
  }

  @Test
  void a_server_or_model_that_cannot_be_closed_keeps_nothing_behind_it_open() {
    Run run = RECIPE.load();
    run.chat("Hi");
    ModelServer server = run.serve(s -> s.port(0)).afterwards(() -> {
      throw new IllegalStateException("afterwards");
    });
    List<String> told = new ArrayList<>();
    server.afterwards(() -> told.add("last"));
    Backend backend = run.loaded().backend();
    run.loaded().model().scope().adopt(Storage.external(MemorySegment.NULL, () -> {
      throw new IllegalStateException("memory");
    }));
    assertThatThrownBy(run::close).hasMessage("afterwards").satisfies(e ->
        assertThat(e.getSuppressed()).extracting(Throwable::getMessage).containsExactly("memory"));
    assertThat(told).containsExactly("last");
    assertThatThrownBy(() -> backend.allocate(4)).hasMessageContaining("closed");
  }

  @Test
  void closing_twice_is_harmless_and_facts_stay() {
    Run run = RECIPE.load();
    run.close();
    assertThatCode(run::close).doesNotThrowAnyException();
    assertThat(run.plan()).isEqualTo(RECIPE.plan());
    assertThat(run.toString()).contains("swift-tiny");
    assertThat(run.result()).isEmpty();
    assertThat(run.checkpoint()).isEmpty();
    assertThat(run.summary()).isEmpty();
  }

  @Test
  void the_same_question_has_the_same_answer_from_any_thread() throws Exception {
    try (Run run = RECIPE.load(); ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      String answer = run.chat("Hello").text();
      List<Future<String>> others = new ArrayList<>(Collections.nCopies(4, null));
      others.replaceAll(_ -> threads.submit(() -> run.chat("Hello").text()));
      for (Future<String> other : others) {
        assertThat(other.get()).isEqualTo(answer);
      }
    }
  }

  @Test
  void chat_keeps_to_a_form() {
    try (Run run = RECIPE.load()) {
      assertThat(run.chat("Is it?", Grammar.choice(List.of("yes", "no"))).text()).isIn("yes", "no");
      assertThatThrownBy(() -> run.chat("Is it?", Grammar.regex("("))).isInstanceOf(SwiftException.class);
    }
  }

  @Test
  void chat_takes_a_whole_conversation_and_complete_takes_plain_text() {
    try (Run run = RECIPE.load()) {
      List<Map<String, Object>> one = List.of(Map.of("role", "user", "content", "Hi"));
      assertThat(run.chat(one).tokens()).isEqualTo(run.chat("Hi").tokens());
      StringBuilder seen = new StringBuilder();
      String text = run.chat(one, run.plan().settings().sampling(), (request, piece) -> seen.append(piece),
          new CancellationToken()).text();
      assertThat(seen).hasToString(text);
      assertThat(run.complete("Once upon a time").tokens()).hasSizeLessThanOrEqualTo(5);
      assertThatThrownBy(() -> run.generate(new int[] {99_999_999}, run.plan().settings().sampling(), StreamListener.NONE,
          new CancellationToken())).isInstanceOf(SwiftException.class).hasMessageContaining("99999999");
    }
  }

  @Test
  void an_export_answers_like_the_model_with_its_adapter() throws IOException {
    try (Run run = RECIPE.lora(l -> l.rank(2)).with("model_name", "A").with("model_author", "B").with("max_steps", 2)
        .with("learning_rate", 0.01).with("torch_dtype", "float32").outputDir(temp.resolve("out")).train("swift/self-cognition#4")) {
      Path merged = run.export(temp.resolve("merged"), false);
      try (Run whole = RECIPE.training(t -> t).with("model", merged.toString()).load()) {
        assertThat(whole.chat("Who are you?").tokens()).isEqualTo(run.chat("Who are you?").tokens());
      }
      byte[] before = Files.readAllBytes(merged.resolve("model.safetensors"));
      assertThatThrownBy(() -> run.export(merged, false)).isInstanceOf(SwiftException.class)
          .hasMessageContaining("merged");
      assertThat(merged.resolve("model.safetensors")).hasBinaryContent(before);
      run.export(merged, true);
      assertThat(merged.resolve("model.safetensors")).hasBinaryContent(before);
    }
  }
}
