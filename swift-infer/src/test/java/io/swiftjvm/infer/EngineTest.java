package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.CancellationToken;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EngineTest {
  private static final SamplingParams DRAWN =
      SamplingParams.DEFAULT.temperature(1.5).topK(0).topP(1.0).minP(0.0).ignoreEos(true);
  private static GoldenModel golden;
  private static ByteTokenizer tokenizer;
  private static Engine engine;

  @BeforeAll
  static void open() {
    golden = new GoldenModel("qwen3");
    tokenizer = new ByteTokenizer(golden.model.config().vocabSize(), 9);
    engine = new Engine(golden.model, tokenizer);
  }

  @AfterAll
  static void close() {
    golden.close();
  }

  private static GenerateRequest request(SamplingParams params) {
    return GenerateRequest.of(11, 12, 13).sampling(params);
  }

  private static int[] ids(Completion completion) {
    return completion.tokens().stream().mapToInt(id -> id).toArray();
  }

  @Test
  void the_same_seed_gives_the_same_answer_and_the_answer_tells_a_fresh_one() {
    Completion fresh = engine.generate(request(DRAWN.maxTokens(30)));
    assertThat(engine.generate(request(DRAWN.maxTokens(30).seed(fresh.seed())))).isEqualTo(fresh);
    assertThat(engine.generate(request(DRAWN.maxTokens(30).seed(fresh.seed() + 1))).tokens())
        .isNotEqualTo(fresh.tokens());
    assertThat(fresh.usage()).isEqualTo(new Usage(3, 30));
    assertThat(fresh.finishReason()).isEqualTo(FinishReason.LENGTH).hasToString("length");
  }

  @Test
  void streamed_pieces_are_the_text_and_the_text_is_that_of_the_tokens() {
    for (long seed = 0; seed < 40; seed++) {
      List<StringBuilder> shown = List.of(new StringBuilder(), new StringBuilder());
      List<GenerateRequest> both =
          List.of(request(DRAWN.maxTokens(25).seed(seed)), request(DRAWN.maxTokens(11).seed(seed)));
      List<Completion> done = engine.generate(both, (i, piece) -> {
        assertThat(piece).isNotEmpty();
        shown.get(i).append(piece);
      }, new CancellationToken());
      for (int i = 0; i < 2; i++) {
        assertThat(shown.get(i).toString()).isEqualTo(done.get(i).text())
            .isEqualTo(tokenizer.decode(ids(done.get(i)), true));
      }
    }
  }

  @Test
  void stop_texts_cut_where_a_whole_text_would_be_cut_and_nothing_beyond_is_streamed() {
    List<String> stops = List.of("sto", "aba", "日本", "é ", "😀");
    int stopped = 0;
    for (long seed = 0; seed < 60; seed++) {
      SamplingParams free = DRAWN.maxTokens(40).seed(seed);
      String text = engine.generate(request(free)).text();
      StopText whole = new StopText(stops, false);
      String expected = whole.push(text) + whole.end();
      StringBuilder shown = new StringBuilder();
      Completion cut = engine.generate(
          List.of(request(free.stop(stops))), (i, piece) -> shown.append(piece), new CancellationToken()).getFirst();
      assertThat(cut.text()).isEqualTo(expected).isEqualTo(shown.toString());
      assertThat(cut.finishReason()).isEqualTo(whole.stopped() ? FinishReason.STOP : FinishReason.LENGTH);
      stopped += whole.stopped() ? 1 : 0;
      if (whole.stopped()) {
        assertThat(cut.usage().completionTokens()).isLessThanOrEqualTo(40);
        assertThat(engine.generate(request(free.stop(stops).includeStop(true))).text()).startsWith(expected)
            .matches(t -> stops.stream().anyMatch(t::endsWith));
      }
    }
    assertThat(stopped).isBetween(10, 60);
  }

  @Test
  void an_end_token_ends_without_text_and_may_be_held_back() {
    Completion free = engine.generate(request(DRAWN.maxTokens(20).seed(5L)));
    int end = free.tokens().get(6);
    int first = free.tokens().indexOf(end);
    SamplingParams ending = DRAWN.maxTokens(20).seed(5L).stopTokenIds(List.of(end));
    Completion cut = engine.generate(request(ending));
    assertThat(cut.tokens()).isEqualTo(free.tokens().subList(0, first));
    assertThat(cut.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(cut.usage().completionTokens()).isEqualTo(first + 1);
    assertThat(engine.generate(request(ending.minTokens(20))).tokens()).hasSize(20).doesNotContain(end);
  }

  @Test
  void cancelling_keeps_what_there_is_and_stops_within_one_token() {
    CancellationToken token = new CancellationToken();
    List<String> pieces = Collections.synchronizedList(new ArrayList<>());
    SamplingParams params = DRAWN.maxTokens(100).seed(3L);
    List<Completion> done = engine.generate(List.of(request(params), request(params)), (i, piece) -> {
      pieces.add(piece);
      if (pieces.size() == 8) {
        token.cancel();
      }
    }, token);
    assertThat(done).extracting(Completion::finishReason).containsOnly(FinishReason.CANCELLED);
    assertThat(String.join("", done.stream().map(Completion::text).toList())).hasSameSizeAs(String.join("", pieces));
    assertThat(done.getFirst().usage().completionTokens()).isLessThan(30);
    CancellationToken early = new CancellationToken();
    early.cancel();
    assertThat(engine.generate(List.of(request(params)), StreamListener.NONE, early).getFirst().usage())
        .isEqualTo(new Usage(3, 0));
  }

  @Test
  void an_interrupt_ends_a_call_and_stays_set() {
    Thread.currentThread().interrupt();
    Completion done = engine.generate(request(DRAWN));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(done.finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void many_virtual_threads_get_the_answers_they_would_get_alone() throws Exception {
    List<Completion> alone = new ArrayList<>();
    for (long seed = 0; seed < 8; seed++) {
      alone.add(engine.generate(request(DRAWN.maxTokens(12).seed(seed))));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Completion>> answers = new ArrayList<>();
      for (long i = 0; i < 64; i++) {
        SamplingParams params = DRAWN.maxTokens(12).seed(i % 8);
        answers.add(threads.submit(() -> engine.generate(request(params))));
      }
      for (int i = 0; i < 64; i++) {
        assertThat(answers.get(i).get()).isEqualTo(alone.get(i % 8));
      }
    }
  }

  @Test
  void log_probabilities_are_those_of_the_bare_logits() {
    Completion done = engine.generate(request(DRAWN.maxTokens(5).seed(1L).logprobs(3)));
    assertThat(done.logprobs()).hasSize(5).allSatisfy(l -> {
      assertThat(l.top()).hasSize(3);
      assertThat(l.logprob()).isLessThanOrEqualTo(l.top().values().iterator().next());
      assertThat(List.copyOf(l.top().values())).isSortedAccordingTo(Collections.reverseOrder());
    });
    assertThat(done.logprobs().stream().map(TokenLogprob::token).toList()).isEqualTo(done.tokens());
    assertThat(engine.generate(request(DRAWN.maxTokens(5).seed(1L))).tokens()).isEqualTo(done.tokens());
  }

  @Test
  void what_does_not_fit_the_model_is_refused_before_anything_runs() {
    int limit = golden.model.config().maxPositions();
    assertThatThrownBy(() -> engine.generate(request(DRAWN.maxTokens(limit)))).isInstanceOf(InvalidPlanException.class)
        .hasMessageContainingAll("3 tokens", "maxTokens " + limit, "to at most " + (limit - 3));
    assertThatThrownBy(() -> engine.generate(GenerateRequest.of(new int[limit])))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("at most " + (limit - 1) + " tokens");
    assertThatThrownBy(() -> engine.generate(GenerateRequest.of(1, 999_999))).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("999999");
    assertThatThrownBy(() -> engine.generate(GenerateRequest.of(1).adapters(List.of("x"))))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'x'");
    assertThatThrownBy(() -> new Engine(golden.model).generate(request(DRAWN.stop(List.of("x")))))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("tokenizer");
    assertThatThrownBy(GenerateRequest::of).isInstanceOf(InvalidPlanException.class);
    assertThat(engine.generate(List.of())).isEmpty();
  }

  @Test
  void an_answer_may_fill_the_model_to_its_last_position() {
    int limit = golden.model.config().maxPositions();
    int[] prompt = new Random(1).ints(limit - 2, 0, 500).toArray();
    Completion done = engine.generate(GenerateRequest.of(prompt).sampling(SamplingParams.GREEDY.ignoreEos(true)));
    assertThat(done.usage()).isEqualTo(new Usage(limit - 2, 2));
    assertThat(done.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void logits_are_made_for_the_last_token_of_a_prompt_only_and_memory_goes_back() {
    try (CpuBackend backend = new CpuBackend(2);
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      Engine own = new Engine(model, null, EngineOptions.DEFAULT.prefillTokens(64));
      int[] prompt = new Random(1).ints(200, 0, 500).toArray();
      GenerateRequest request = GenerateRequest.of(prompt).sampling(SamplingParams.GREEDY.maxTokens(3));
      long before = backend.bytesInUse();
      own.generate(request);
      assertThat(backend.bytesInUse()).isEqualTo(before);
      long allLogits = 200L * model.config().vocabSize() * Float.BYTES;
      assertThat(backend.peakBytes()).as("logits of all tokens alone").isLessThan(allLogits);
      long reserved = backend.reservedBytes();
      for (int i = 0; i < 50; i++) {
        own.generate(List.of(request, GenerateRequest.of(1, 2).sampling(SamplingParams.GREEDY.maxTokens(5))));
      }
      assertThat(backend.bytesInUse()).isEqualTo(before);
      assertThat(backend.reservedBytes()).isLessThan(2 * reserved + (1 << 20));
    }
  }

  @Test
  void a_closed_model_refuses() {
    GoldenModel own = new GoldenModel("qwen3");
    Engine closed = new Engine(own.model);
    own.close();
    assertThatThrownBy(() -> closed.generate(request(DRAWN))).isInstanceOf(IllegalStateException.class);
  }
}
