package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SchedulerTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final SamplingParams GREEDY =
      SamplingParams.GREEDY.repetitionPenalty(1.0).topK(0).topP(1.0).ignoreEos(true);
  private static GoldenModel golden;
  private static ByteTokenizer tokenizer;

  @BeforeAll
  static void open() {
    golden = new GoldenModel("qwen3");
    tokenizer = new ByteTokenizer(golden.model.config().vocabSize(), 9);
  }

  @AfterAll
  static void close() {
    golden.close();
  }

  private static Engine engine(int sequences) {
    return new Engine(golden.model, tokenizer, EngineOptions.DEFAULT.maxSequences(sequences).prefillTokens(7));
  }

  private static List<GenerateRequest> requests(int count) {
    Random random = new Random(3);
    return IntStream.range(0, count).mapToObj(i -> GenerateRequest.of(
        random.ints(1 + random.nextInt(20), 0, 100).toArray()).sampling(GREEDY.maxTokens(5 + i % 7).logprobs(1)))
        .toList();
  }

  @Test
  void answers_are_those_of_the_engine_whoever_runs_beside_them() throws InterruptedException {
    Engine engine = engine(3);
    List<Completion> alone = new ArrayList<>();
    requests(12).forEach(r -> alone.add(engine.generate(r)));
    try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
      List<Generation> all = new ArrayList<>();
      requests(12).forEach(r -> all.add(scheduler.submit(List.of(r))));
      for (int i = 0; i < all.size(); i++) {
        Completion shared = all.get(i).await().getFirst();
        assertThat(shared.tokens()).isEqualTo(alone.get(i).tokens());
        assertThat(shared.text()).isEqualTo(alone.get(i).text());
        assertThat(shared.logprobs()).isEqualTo(alone.get(i).logprobs());
      }
    }
  }

  @Test
  void pieces_together_are_the_text_and_their_log_probabilities_those_of_all_tokens() throws InterruptedException {
    try (Scheduler scheduler = new Scheduler(engine(2), SchedulerOptions.DEFAULT)) {
      Generation answers = scheduler.submit(requests(5));
      List<StringBuilder> texts = IntStream.range(0, 5).mapToObj(i -> new StringBuilder()).toList();
      int[] told = new int[5];
      while (!answers.finished()) {
        switch (answers.next(LONG)) {
          case Generation.Piece piece -> {
            texts.get(piece.index()).append(piece.text());
            told[piece.index()] += piece.logprobs().size();
          }
          case Generation.Done done -> {
            assertThat(texts.get(done.index()).toString()).isEqualTo(done.completion().text());
            assertThat(told[done.index()]).isEqualTo(done.completion().usage().completionTokens());
            assertThat(done.times().queue()).isNotNegative();
          }
          case null -> throw new AssertionError("no event came");
        }
      }
    }
  }

  @Test
  void a_call_that_nobody_takes_pauses_and_the_others_go_on() throws InterruptedException {
    try (Scheduler scheduler = new Scheduler(engine(2), SchedulerOptions.DEFAULT.buffer(4))) {
      Generation slow = scheduler.submit(List.of(GenerateRequest.of(5, 6).sampling(GREEDY.maxTokens(40).logprobs(0))));
      for (GenerateRequest request : requests(6)) {
        assertThat(scheduler.submit(List.of(request)).await()).hasSize(1);
      }
      assertThat(scheduler.running()).isEqualTo(1);
      assertThat(slow.await().getFirst().usage().completionTokens()).isEqualTo(40);
    }
  }

  @Test
  void calls_that_nobody_takes_give_their_places_to_others_and_come_back() throws InterruptedException {
    Engine engine = engine(2);
    List<GenerateRequest> long40 = IntStream.range(0, 4).mapToObj(
        i -> GenerateRequest.of(5, 6 + i).sampling(GREEDY.maxTokens(40).logprobs(0))).toList();
    List<Completion> alone = long40.stream().map(engine::generate).toList();
    try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT.buffer(4).queue(8))) {
      List<Generation> slow = long40.stream().map(r -> scheduler.submit(List.of(r))).toList();
      for (GenerateRequest request : requests(3)) {
        assertThat(scheduler.submit(List.of(request)).await()).hasSize(1);
      }
      assertThat(scheduler.counters().preemptions()).isPositive();
      for (int i = 0; i < slow.size(); i++) {
        assertThat(slow.get(i).await().getFirst().tokens()).isEqualTo(alone.get(i).tokens());
      }
    }
  }

  @Test
  void a_call_that_has_begun_does_not_fail_while_the_rest_of_it_waits() throws InterruptedException {
    SchedulerOptions hasty = SchedulerOptions.DEFAULT.queueWait(Duration.ofMillis(50)).buffer(1);
    try (Scheduler scheduler = new Scheduler(engine(1), hasty)) {
      Generation both = scheduler.submit(List.of(GenerateRequest.of(5, 6).sampling(GREEDY.maxTokens(9).logprobs(0)),
          GenerateRequest.of(7, 8).sampling(GREEDY.maxTokens(9).logprobs(0))));
      Thread.sleep(300);
      assertThat(both.await()).extracting(Completion::finishReason).containsOnly(FinishReason.LENGTH);
    }
  }

  @Test
  void a_cancelled_call_frees_its_place_and_says_what_there_was() throws InterruptedException {
    try (Scheduler scheduler = new Scheduler(engine(1), SchedulerOptions.DEFAULT.buffer(1))) {
      Generation first =
          scheduler.submit(List.of(GenerateRequest.of(5, 6).sampling(GREEDY.maxTokens(200).logprobs(0))));
      assertThat(first.next(LONG)).isNotNull();
      Generation second = scheduler.submit(requests(1));
      first.cancel();
      assertThat(second.await().getFirst().finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(first.await().getFirst().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(first.finished()).isTrue();
      assertThat(scheduler.running()).isZero();
      assertThat(scheduler.cacheUsage()).isZero();
    }
  }

  @Test
  void more_calls_than_may_wait_are_refused_and_those_that_wait_too_long_fail() throws InterruptedException {
    CountDownLatch gate = new CountDownLatch(1);
    LogitsProcessor wait = (history, scores) -> {
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
    SchedulerOptions tight = SchedulerOptions.DEFAULT.queue(1).queueWait(Duration.ofMillis(100));
    try (Scheduler scheduler = new Scheduler(engine(1), tight)) {
      Generation runs = scheduler.submit(
          List.of(GenerateRequest.of(5, 6).sampling(GREEDY.maxTokens(50)).processors(List.of(wait))));
      while (!runs.started()) {
        Thread.onSpinWait();
      }
      Generation waits = scheduler.submit(requests(1));
      assertThatThrownBy(() -> scheduler.submit(requests(1))).isInstanceOf(OverloadedException.class)
          .hasMessageContaining("at most 1");
      Thread.sleep(150);
      gate.countDown();
      assertThatThrownBy(waits::await).isInstanceOf(OverloadedException.class).hasMessageContaining("PT0.1S");
      assertThat(runs.await()).hasSize(1);
      assertThat(scheduler.submit(requests(1)).await()).hasSize(1);
    }
  }

  @Test
  void calls_are_told_where_a_draft_model_finds_no_room_and_the_scheduler_can_be_closed() {
    EngineOptions roomy = EngineOptions.DEFAULT.maxSequences(2);
    try (CausalLm same = CausalLm.load(golden.model.directory(), golden.backend)) {
      Engine engine = new Engine(golden.model, tokenizer, roomy.memoryShare(1e-15).speculation(new Speculation.Draft(same, 2)),
          CacheBudget.of(golden.model.config(), roomy));
      try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
        for (int i = 0; i < 2; i++) {
          assertThatThrownBy(() -> scheduler.submit(requests(1)).await()).isInstanceOf(InvalidPlanException.class)
              .hasMessageContaining("gpu_memory_utilization");
        }
        assertThat(scheduler.waiting()).isZero();
      }
    }
  }

  @Test
  void a_sequence_that_cannot_go_on_fails_alone() throws InterruptedException {
    LogitsProcessor nothing = (history, scores) -> java.util.Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    try (Scheduler scheduler = new Scheduler(engine(3), SchedulerOptions.DEFAULT)) {
      Generation good = scheduler.submit(requests(1));
      Generation bad = scheduler.submit(List.of(GenerateRequest.of(1).sampling(GREEDY).processors(List.of(nothing))));
      assertThatThrownBy(bad::await).hasMessageContaining("forbid every token");
      assertThat(good.await()).hasSize(1);
      assertThat(scheduler.submit(requests(2)).await()).hasSize(2);
    }
  }

  @Test
  void requests_that_do_not_fit_are_refused_at_once() {
    try (Scheduler scheduler = new Scheduler(engine(1), SchedulerOptions.DEFAULT)) {
      assertThatThrownBy(() -> scheduler.submit(List.of(GenerateRequest.of(-1))))
          .isInstanceOf(InvalidPlanException.class);
      assertThat(scheduler.waiting()).isZero();
    }
    assertThatThrownBy(() -> SchedulerOptions.DEFAULT.queue(0)).isInstanceOf(InvalidPlanException.class);
  }

  @Test
  void closing_cancels_what_runs_and_what_waits_and_refuses_more() throws InterruptedException {
    Scheduler scheduler = new Scheduler(engine(1), SchedulerOptions.DEFAULT.buffer(1));
    List<Generation> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(scheduler.submit(List.of(GenerateRequest.of(5, 6).sampling(GREEDY.maxTokens(50).logprobs(0)))));
    }
    scheduler.close();
    scheduler.close();
    for (Generation each : all) {
      assertThat(each.await().getFirst().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    assertThatThrownBy(() -> scheduler.submit(requests(1))).isInstanceOf(IllegalStateException.class);
  }
}
