package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.serve.ModelServer;
import io.swiftjvm.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every engine, whether in this JVM or behind an address. */
@Timeout(120)
class EnginesTest {
  private static final SamplingParams BRIEF = SamplingParams.GREEDY.maxTokens(12);

  @TempDir
  static Path temp;
  private static Path adapter;
  private static Recipe recipe;

  @BeforeAll
  static void train() {
    try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(4)).with("model_name", "Zephyrine").with("max_steps", 6)
        .with("model_author", "ACME").with("learning_rate", 0.02).with("gradient_accumulation_steps", 4).outputDir(temp)
        .train("swift/self-cognition#4")) {
      adapter = run.checkpoint().orElseThrow();
    }
    recipe = Swift.model("swift-tiny").adapter("a", adapter).sampling(s -> BRIEF);
  }

  /** An engine and, where it needs one, its server. */
  private record Opened(ChatEngine engine, ModelServer server) implements AutoCloseable {
    static Opened of(String kind) {
      if (kind.equals("here")) {
        return new Opened(recipe.engine(), null);
      }
      ModelServer server = recipe.serve(s -> s.port(0));
      return new Opened(recipe.engine(kind, server.url()), server);
    }

    @Override
    public void close() {
      engine.close();
      if (server != null) {
        server.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"here", "vllm", "sglang", "swift"})
  void one_argument_switches_the_engine_and_answers_stay(String kind) {
    String bare;
    String tuned;
    try (Run run = Swift.model("swift-tiny").sampling(s -> BRIEF).load()) {
      bare = run.chat("Who are you?").text();
    }
    try (Run run = Swift.model("swift-tiny").adapters(adapter).sampling(s -> BRIEF).load()) {
      tuned = run.chat("Who are you?").text();
    }
    assertThat(tuned).isNotEqualTo(bare);
    try (Opened opened = Opened.of(kind)) {
      ChatEngine engine = opened.engine;
      assertThat(engine.models()).containsExactly("swift-tiny", "a");
      List<String> pieces = new ArrayList<>();
      Reply reply = engine.chat("Who are you?", pieces::add);
      assertThat(reply.text()).as("the first adapter answers").isEqualTo(tuned).isEqualTo(String.join("", pieces));
      assertThat(pieces).hasSizeGreaterThan(1);
      assertThat(reply.usage().completionTokens()).isBetween(2, 12);
      assertThat(engine.chat(ChatRequest.of("Who are you?").model("swift-tiny"), piece -> {}).text()).isEqualTo(bare);
      List<ChatRequest> many = IntStream.range(0, 16).mapToObj(i -> ChatRequest.of("Who are you?")
          .model(i % 2 == 0 ? "a" : "swift-tiny")).toList();
      assertThat(engine.chat(many)).extracting(Reply::text).containsExactlyElementsOf(
          IntStream.range(0, 16).mapToObj(i -> i % 2 == 0 ? tuned : bare).toList());
      Reply drawn = engine.chat(request(5), piece -> {});
      assertThat(engine.chat(request(5), piece -> {})).as("the same seed").isEqualTo(drawn);
      assertThat(engine.chat(ChatRequest.of("Tell me a story.").sampling(BRIEF.maxTokens(2)), piece -> {}).finishReason())
          .isEqualTo(FinishReason.LENGTH);
      assertThatThrownBy(() -> engine.chat(ChatRequest.of("hi").model("b"), piece -> {}))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'b'");
      Reply cut = engine.chat(ChatRequest.of("Tell me a story.").sampling(BRIEF.maxTokens(400).ignoreEos(true)),
          piece -> Thread.currentThread().interrupt());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(cut.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(engine.chat("Who are you?").text()).as("the next one works").isEqualTo(tuned);
      engine.close();
      engine.close();
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOf(IllegalStateException.class);
    }
  }

  private static ChatRequest request(long seed) {
    return ChatRequest.of(List.of(Map.of("role", "system", "content", "Rhyme."), Map.of("role", "user", "content", "Hi")))
        .sampling(SamplingParams.DEFAULT.temperature(1.0).topP(0.9).seed(seed).maxTokens(8));
  }

  @Test
  void a_cache_of_eight_bits_is_a_quarter_and_nearly_as_exact() {
    try (ChatEngine exact = recipe.engine(); ChatEngine narrow = recipe.engine(e -> e.cacheType(DType.Q8_BLOCK))) {
      String text = exact.chat(ChatRequest.of("Who are you?").model("swift-tiny"), piece -> {}).text();
      assertThat(narrow.chat(ChatRequest.of("Who are you?").model("swift-tiny"), piece -> {}).text()).isEqualTo(text);
    }
  }

  @Test
  void an_answer_has_the_form_that_a_request_asks_for() {
    try (ChatEngine engine = recipe.engine()) {
      SamplingParams hot = SamplingParams.DEFAULT.temperature(1.5).seed(3L);
      ChatRequest ask = ChatRequest.of("What is LoRA?").sampling(hot);
      assertThat(engine.chat(ask.grammar(Grammar.regex("[0-9]{4}-[a-c]")), piece -> {}).text()).matches("[0-9]{4}-[a-c]");
      assertThat(engine.chat(ask.grammar(Grammar.json("{\"enum\": [1, \"b\"]}")), piece -> {}).text()).isIn("1", "\"b\"");
      assertThatThrownBy(() -> engine.chat(ask.grammar(Grammar.regex("(")), piece -> {}))
          .isInstanceOf(InvalidPlanException.class);
    }
  }

  @Test
  void conversations_that_go_on_share_what_was_said() {
    try (var engine = recipe.engine()) {
      String first = engine.chat("Please tell me everything that you know about the low-rank adaptation of models.").text();
      List<Map<String, Object>> more = List.of(
          Map.of("role", "user", "content",
              "Please tell me everything that you know about the low-rank adaptation of models."),
          Map.of("role", "assistant", "content", Objects.requireNonNull(first)),
          Map.of("role", "user", "content", "And briefly?"));
      engine.chat(ChatRequest.of(more), piece -> {});
      assertThat(engine.counters().prefixHits()).isPositive();
    }
  }

  @Test
  void names_that_are_there_twice_and_unnamed_adapters_of_a_server_are_refused() {
    assertThatThrownBy(() -> recipe.adapter("a", adapter).engine()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'a' twice");
    assertThatThrownBy(() -> recipe.adapter("swift-tiny", adapter).engine()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("own name");
    assertThatThrownBy(() -> Swift.model("swift-tiny").adapters(adapter).engine("vllm", "http://127.0.0.1:1"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("name=folder");
    assertThatThrownBy(() -> Swift.model("swift-tiny").engine("vllm", "not an address"))
        .isInstanceOf(InvalidPlanException.class);
  }
}
