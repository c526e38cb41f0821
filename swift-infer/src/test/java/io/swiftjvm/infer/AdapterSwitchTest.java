package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.tuner.AdapterFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several adapters on one base, chosen request by request, against PEFT's logits. */
class AdapterSwitchTest {
  private static final List<String> NAMES = List.of("lora", "lora_patterns", "lora_layers");

  private static long[] inputs() {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("peft/inputs.safetensors"))) {
      return file.entry("input_ids").longs();
    }
  }

  private static float[] logits(String adapter) {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("peft/" + adapter + "/golden.safetensors"))) {
      return file.entry("logits").floats();
    }
  }

  private static int columns() {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("peft/inputs.safetensors"))) {
      return (int) file.entry("input_ids").shape()[1];
    }
  }

  @Test
  void each_request_of_a_batch_is_answered_by_its_own_adapter() {
    try (GoldenModel g = new GoldenModel("qwen3-untied-sharded")) {
      NAMES.forEach(name -> AdapterFiles.attach(g.model, OracleFiles.path("peft/" + name), name, false));
      Engine engine = new Engine(g.model);
      int columns = columns();
      int vocabulary = g.model.config().vocabSize();
      int length = 5;
      int[] prompt = Arrays.stream(inputs()).limit(length).mapToInt(id -> (int) id).toArray();
      SamplingParams params = SamplingParams.GREEDY.repetitionPenalty(1.0).maxTokens(6).ignoreEos(true).logprobs(5);
      List<GenerateRequest> requests = new ArrayList<>();
      NAMES.forEach(name -> requests.add(GenerateRequest.of(prompt).sampling(params).adapters(List.of(name))));
      requests.add(GenerateRequest.of(prompt).sampling(params).adapters(List.of()));
      List<Completion> together = engine.generate(requests);
      for (int i = 0; i < NAMES.size(); i++) {
        float[] all = logits(NAMES.get(i));
        assertThat(all.length % (columns * vocabulary)).isZero();
        float[] row = Arrays.copyOfRange(all, (length - 1) * vocabulary, length * vocabulary);
        double norm = Scores.logSumExp(row);
        TokenLogprob first = together.get(i).logprobs().getFirst();
        assertThat(first.token()).isEqualTo(Scores.argmax(row));
        first.top().forEach((id, logprob) -> assertThat(logprob).isCloseTo(row[id] - norm, within(2e-4)));
      }
      for (int i = 0; i < requests.size(); i++) {
        assertThat(engine.generate(requests.get(i)).tokens()).isEqualTo(together.get(i).tokens());
      }
      assertThat(together.stream().map(Completion::logprobs).distinct()).hasSize(NAMES.size() + 1);
    }
  }

  @Test
  void without_a_name_the_adapter_called_default_answers_if_there_is_one() {
    try (GoldenModel g = new GoldenModel("qwen3-untied-sharded")) {
      Engine engine = new Engine(g.model);
      GenerateRequest open = GenerateRequest.of(7, 8, 9)
          .sampling(SamplingParams.GREEDY.maxTokens(4).ignoreEos(true).logprobs(1));
      List<TokenLogprob> bare = engine.generate(open).logprobs();
      AdapterFiles.attach(g.model, OracleFiles.path("peft/lora"), "default", false);
      List<TokenLogprob> named = engine.generate(open.adapters(List.of("default"))).logprobs();
      assertThat(engine.generate(open).logprobs()).isEqualTo(named).isNotEqualTo(bare);
      assertThat(engine.generate(open.adapters(List.of())).logprobs()).isEqualTo(bare);
    }
  }

  @Test
  void an_adapter_with_invocation_tokens_is_switched_on_by_them_also_with_a_cache() {
    try (GoldenModel g = new GoldenModel("qwen3-untied-sharded")) {
      AdapterFiles.attach(g.model, OracleFiles.path("peft/lora_alora"), "a", false);
      SamplingParams params = SamplingParams.GREEDY.maxTokens(6).ignoreEos(true).logprobs(1);
      GenerateRequest with = GenerateRequest.of(5, 6, 7, 8, 9, 395, 77, 11, 12).sampling(params).adapters(List.of("a"));
      List<TokenLogprob> whole = new Engine(g.model).generate(with).logprobs();
      // A piece of the prompt ends between the two invocation tokens.
      Engine pieces = new Engine(g.model, null, EngineOptions.DEFAULT.prefillTokens(3));
      List<TokenLogprob> cut = pieces.generate(with).logprobs();
      for (int i = 0; i < whole.size(); i++) {
        assertThat(cut.get(i).token()).isEqualTo(whole.get(i).token());
      }
      assertThat(new Engine(g.model).generate(with.adapters(List.of())).logprobs()).isNotEqualTo(whole);
      GenerateRequest without = GenerateRequest.of(5, 6, 7, 8).sampling(params.maxTokens(1));
      assertThat(new Engine(g.model).generate(without.adapters(List.of("a"))).logprobs())
          .isEqualTo(new Engine(g.model).generate(without.adapters(List.of())).logprobs());
    }
  }
}
