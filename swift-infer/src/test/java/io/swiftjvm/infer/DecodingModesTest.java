package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.CancellationToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However the work is shared, cut, guessed or done again, an answer is the one that a request alone gets. */
class DecodingModesTest {
  private static final SamplingParams PLAIN = SamplingParams.DEFAULT.repetitionPenalty(1.0).topK(0).topP(1.0).minP(0.0)
      .ignoreEos(true).logprobs(2).maxTokens(14).seed(3L);
  private static final EngineOptions SIMPLE = EngineOptions.DEFAULT.prefixCache(false).prefillTokens(32);

  static Stream<Path> models() throws IOException {
    List<Path> all = new ArrayList<>();
    Stream.of("qwen3", "qwen2", "llama3", "mistral-sliding", "gemma2", "gemma3", "glm4", "gpt-oss", "qwen3-moe",
        "deepseek-v3", "qwen3-next", "qwen3.5").map(name -> OracleFiles.path("models/" + name)).forEach(all::add);
    try (Stream<Path> folders = Files.list(OracleFiles.path("families"))) {
      folders.sorted().forEach(all::add);
    }
    return all.stream();
  }

  /** Prompts that begin alike, up to their middle, and some that do not; greedy and drawn. */
  private static List<GenerateRequest> requests(CausalLm model) {
    int most = Math.min(model.config().maxPositions() - 14, 90);
    int ids = Math.min(model.config().vocabSize(), 200);
    int[] common = new Random(1).ints(most, 0, ids).toArray();
    List<GenerateRequest> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int[] prompt = Arrays.copyOf(common, most - 7 * i);
      for (int k = i < 4 ? most - 7 * i - 5 : 0; k < prompt.length; k++) {
        prompt[k] = (prompt[k] + i) % ids;
      }
      all.add(GenerateRequest.of(prompt).sampling(i % 3 == 2 ? PLAIN.temperature(0.7).seed((long) i) : PLAIN.temperature(0.0)));
    }
    all.add(GenerateRequest.of(5, 6, 7, 5, 6, 7, 5, 6).sampling(PLAIN.temperature(0.0)));
    return all;
  }

  private static List<Completion> answers(Engine engine, List<GenerateRequest> requests) {
    return engine.generate(requests, StreamListener.NONE, new CancellationToken());
  }

  @ParameterizedTest
  @MethodSource("models")
  void shared_preempted_and_guessed_answers_are_those_of_a_request_alone(Path folder) {
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend)) {
      List<GenerateRequest> requests = requests(model);
      Engine simple = new Engine(model, null, SIMPLE);
      List<Completion> alone = requests.stream().map(simple::generate).toList();
      assertThat(answers(simple, requests)).as("together").isEqualTo(alone);
      Engine shared = new Engine(model, null, SIMPLE.prefixCache(true));
      assertThat(answers(shared, requests)).as("prefixes shared").isEqualTo(alone);
      Engine tight = new Engine(model, null, SIMPLE.prefixCache(true), new CacheBudget(10, 160));
      assertThat(answers(tight, requests)).as("in ten blocks").isEqualTo(alone);
      assertThat(tight.counters().preemptions()).isPositive();
      for (Speculation how : List.of(new Speculation.Ngram(5, 1, 3), new Speculation.Ngram(15, 1, 1))) {
        Engine guessing = new Engine(model, null, SIMPLE.speculation(how));
        assertThat(answers(guessing, requests)).as(how.toString()).isEqualTo(alone);
        if (model.config().layers().stream().noneMatch(l -> l.mixer().rope() != null && l.mixer().rope().varies())) {
          assertThat(guessing.counters().guessedTokens()).isPositive();
        }
      }
      Engine all = new Engine(model, null, SIMPLE.prefixCache(true).speculation(new Speculation.Ngram(5, 1, 3)),
          new CacheBudget(9, 144));
      assertThat(answers(all, requests)).as("everything in nine blocks").isEqualTo(alone);
    }
  }

  @Test
  void prompts_that_begin_alike_are_computed_once_per_adapter_and_salt() {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      Engine engine = new Engine(g.model, null, SIMPLE.prefixCache(true));
      int[] prompt = new Random(1).ints(97, 0, 200).toArray();
      GenerateRequest request = GenerateRequest.of(prompt).sampling(PLAIN.temperature(0.0));
      Completion alone = new Engine(g.model, null, SIMPLE).generate(request);
      List<GenerateRequest> same = List.of(request, request, request, request);
      assertThat(answers(engine, same)).containsOnly(alone);
      assertThat(engine.counters().prefixQueries()).isEqualTo(4 * 97);
      assertThat(engine.counters().prefixHits()).isGreaterThanOrEqualTo(3 * 64);
      long before = engine.counters().prefixHits();
      assertThat(answers(engine, List.of(request, request.cacheSalt("a"), request.cacheSalt("b"))))
          .containsOnly(alone);
      assertThat(engine.counters().prefixHits()).as("nothing more").isEqualTo(before);
    }
  }

  @Test
  void a_draft_model_changes_the_passes_and_not_the_answers() {
    try (GoldenModel g = new GoldenModel("qwen3"); CausalLm same = CausalLm.load(g.model.directory(), g.backend);
        CausalLm other = CausalLm.load(OracleFiles.path("models/qwen3-bf16"), g.backend)) {
      List<GenerateRequest> requests = requests(g.model);
      List<Completion> alone = requests.stream().map(new Engine(g.model, null, SIMPLE)::generate).toList();
      Engine engine = new Engine(g.model, null, SIMPLE.speculation(new Speculation.Draft(same, 4)));
      assertThat(answers(engine, requests.subList(0, 2))).isEqualTo(alone.subList(0, 2));
      assertThat(engine.counters().acceptedTokens()).as("greedy guesses of the same model are right")
          .isEqualTo(engine.counters().guessedTokens()).isGreaterThan(15);
      Engine wrong = new Engine(g.model, null, SIMPLE.speculation(new Speculation.Draft(other, 3)));
      assertThat(answers(wrong, requests)).isEqualTo(alone);
      assertThat(wrong.counters().guessedTokens()).isPositive();
    }
  }

  @Test
  void a_cache_is_given_back_where_a_draft_model_finds_no_room_for_its_own() {
    try (GoldenModel g = new GoldenModel("qwen3"); CausalLm same = CausalLm.load(g.model.directory(), g.backend)) {
      CacheBudget enough = CacheBudget.of(g.model.config(), SIMPLE);
      EngineOptions tight = SIMPLE.memoryShare(1e-15).speculation(new Speculation.Draft(same, 2));
      Engine engine = new Engine(g.model, null, tight, enough);
      CpuBackend backend = (CpuBackend) g.backend;
      long before = backend.bytesInUse();
      KvCache cache = new KvCache(backend, 1, 100);
      cache.step(new int[] {cache.acquire()}, new int[] {5});
      assertThat(backend.bytesInUse()).isGreaterThan(before);
      assertThatThrownBy(() -> new Batch(engine, cache)).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("gpu_memory_utilization");
      assertThat(backend.bytesInUse()).isEqualTo(before);
    }
  }

  @Test
  void a_draft_model_of_another_vocabulary_or_with_states_is_refused() {
    try (GoldenModel g = new GoldenModel("qwen3"); GoldenModel next = new GoldenModel("qwen3-next");
        GoldenModel small = new GoldenModel("qwen2")) {
      assertThatThrownBy(() -> new Engine(g.model, null, SIMPLE.speculation(new Speculation.Draft(small.model, 2))))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("vocabulary");
      assertThatThrownBy(() -> new Engine(next.model, null, SIMPLE.speculation(new Speculation.Draft(next.model, 2))))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("states");
      assertThatThrownBy(() -> new Speculation.Ngram(16)).isInstanceOf(InvalidPlanException.class);
      assertThatThrownBy(() -> new Speculation.Ngram(3, 2, 1)).isInstanceOf(InvalidPlanException.class);
    }
  }

  @Test
  void what_a_cache_can_hold_is_decided_at_the_start_and_longer_requests_are_refused() {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      long token = 2L * g.model.config().layerCount() * g.model.config().layer(0).mixer().keyWidth() * Float.BYTES;
      CacheBudget small = CacheBudget.of(g.model.config(), EngineOptions.DEFAULT.memoryShare(0.5), 2 * 64 * token);
      assertThat(small).isEqualTo(new CacheBudget(4, 64));
      assertThatThrownBy(() -> CacheBudget.of(g.model.config(), EngineOptions.DEFAULT.maxLength(80), 64 * token))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("gpu_memory_utilization");
      assertThatThrownBy(() -> new Engine(g.model, null, EngineOptions.DEFAULT.maxLength(1_000_000)))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("positions");
      Engine engine = new Engine(g.model, null, EngineOptions.DEFAULT, small);
      assertThat(engine.maxLength()).isEqualTo(64);
      assertThatThrownBy(() -> engine.generate(GenerateRequest.of(new int[64])))
          .isInstanceOf(InvalidPlanException.class).hasMessageContainingAll("64", "max_model_len", "at most 63");
      assertThat(engine.generate(GenerateRequest.of(new int[50]).sampling(PLAIN)).usage().completionTokens())
          .isEqualTo(14);
    }
  }

  @Test
  void sixty_four_requests_at_once_get_the_answers_of_one_after_the_other() throws InterruptedException {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      Engine engine = new Engine(g.model, null, EngineOptions.DEFAULT.maxSequences(64));
      Random random = new Random(9);
      List<GenerateRequest> requests = IntStream.range(0, 64).mapToObj(i -> GenerateRequest.of(
          random.ints(1 + random.nextInt(60), 0, 200).toArray()).sampling(PLAIN.temperature(0.0))).toList();
      List<Completion> alone = requests.stream().map(engine::generate).toList();
      try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
        List<Generation> all = requests.stream().map(r -> scheduler.submit(List.of(r))).toList();
        for (int i = 0; i < 64; i++) {
          assertThat(all.get(i).await().getFirst().logprobs()).isEqualTo(alone.get(i).logprobs());
        }
        assertThat(scheduler.cacheUsage()).isZero();
      }
    }
  }

  @Test
  void a_scheduler_keeps_prompts_between_calls_until_it_forgets_them() throws InterruptedException {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      Engine engine = new Engine(g.model, null, SIMPLE.prefixCache(true));
      GenerateRequest request =
          GenerateRequest.of(new Random(1).ints(70, 0, 200).toArray()).sampling(PLAIN.temperature(0.0));
      try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
        Completion first = scheduler.submit(List.of(request)).await().getFirst();
        assertThat(scheduler.submit(List.of(request)).await()).containsExactly(first);
        assertThat(engine.counters().prefixHits()).isEqualTo(64);
        scheduler.forgetPrefixes();
        assertThat(scheduler.submit(List.of(request)).await()).containsExactly(first);
        assertThat(engine.counters().prefixHits()).isEqualTo(64);
      }
    }
  }
}
