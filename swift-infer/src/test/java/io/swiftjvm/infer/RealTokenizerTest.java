package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.parallel.MemoryEstimator;
import io.swiftjvm.parallel.MemoryRequest;
import io.swiftjvm.parallel.ModelSizes;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.CancellationToken;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine with the files of a model folder as they are. */
class RealTokenizerTest {
  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "llama3", "mistral-sliding"})
  void streamed_text_is_that_of_the_tokens_at_once(String name) {
    Path folder = OracleFiles.path("models/" + name);
    try (GoldenModel g = new GoldenModel(name); Tokenizer tokenizer = HuggingFaceTokenizers.load(folder)) {
      Engine engine = new Engine(g.model, tokenizer);
      for (long seed = 0; seed < 10; seed++) {
        SamplingParams params =
            SamplingParams.DEFAULT.temperature(2.0).topK(0).topP(1.0).seed(seed).maxTokens(30).ignoreEos(true);
        GenerateRequest request = GenerateRequest.of(tokenizer.encode("Hello", true)).sampling(params);
        StringBuilder shown = new StringBuilder();
        Completion done = engine.generate(
            List.of(request), (i, piece) -> shown.append(piece), new CancellationToken()).getFirst();
        int[] ids = done.tokens().stream().mapToInt(id -> id).toArray();
        assertThat(shown.toString()).isEqualTo(done.text());
        String whole = tokenizer.decode(ids, true);
        // Decoding at once turns every byte of a run of byte tokens that is not UTF-8 into U+FFFD, good ones too.
        if (!name.startsWith("mistral") || whole.indexOf('\uFFFD') < 0) {
          assertThat(done.text()).isEqualTo(whole);
        }
      }
    }
  }

  @Test
  void the_memory_of_answers_is_within_what_was_estimated() {
    Path folder = OracleFiles.path("models/qwen3");
    try (CpuBackend backend = new CpuBackend(2); CausalLm model = CausalLm.load(folder, backend)) {
      List<GenerateRequest> requests = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        requests.add(GenerateRequest.of(new Random(i).ints(200, 0, 500).toArray())
            .sampling(SamplingParams.GREEDY.maxTokens(56).ignoreEos(true)));
      }
      new Engine(model).generate(requests);
      long estimate = MemoryEstimator.estimate(ModelSizes.of(folder), MemoryRequest.generate(8, 256)).pool();
      assertThat(backend.peakBytes() / (double) estimate).isBetween(0.7, 1.2);
    }
  }
}
