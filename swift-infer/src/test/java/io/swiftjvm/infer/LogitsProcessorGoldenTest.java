package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.testing.OracleFiles;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every processor against the one of transformers. */
class LogitsProcessorGoldenTest {
  private static final int VOCABULARY = 32;
  private static final int LENGTH = 9;
  /** Where the cases say that the prompt ends. */
  private static final int PROMPT = 5;

  private static Map<String, List<LogitsProcessor>> cases() {
    Map<String, List<LogitsProcessor>> cases = new LinkedHashMap<>();
    cases.put("temperature_0.7", List.of(Warpers.temperature(0.7)));
    cases.put("top_k_5", List.of(Warpers.topK(5)));
    cases.put("top_p_0.8", List.of(Warpers.topP(0.8)));
    cases.put("top_p_0.8_keep3", List.of(Warpers.topP(0.8, 3)));
    cases.put("top_p_0.01", List.of(Warpers.topP(0.01)));
    cases.put("min_p_0.1", List.of(Warpers.minP(0.1)));
    cases.put("typical_0.6", List.of(Warpers.typical(0.6)));
    cases.put("epsilon_0.03", List.of(Warpers.epsilon(0.03)));
    cases.put("eta_0.05", List.of(Warpers.eta(0.05)));
    cases.put("top_h_0.4", List.of(Warpers.topH(0.4)));
    cases.put("repetition_1.3", List.of(Penalties.repetition(1.3)));
    cases.put("exponential_decay", List.of(Penalties.exponentialDecay(2, 1.1, 2)));
    cases.put("sequence_bias", List.of(Penalties.sequenceBias(2, 4), Penalties.sequenceBias(-3, 5, 6)));
    cases.put("no_repeat_ngram_2", List.of(Constraints.noRepeatNgram(2)));
    cases.put("bad_words", List.of(Constraints.never(3), Constraints.never(5, 7)));
    cases.put("min_new_tokens", List.of(Constraints.minTokens(8, 2)));
    cases.put("suppress", List.of(Constraints.suppress(1, 9)));
    cases.put("forced_eos", List.of(Constraints.forcedEnd(10, 2)));
    cases.put("chain", LogitsProcessors.of(
        SamplingParams.DEFAULT.repetitionPenalty(1.1).temperature(0.6).topK(10).topP(0.9)));
    return cases;
  }

  private static float[] row(float[] all, int row) {
    return Arrays.copyOfRange(all, row * VOCABULARY, (row + 1) * VOCABULARY);
  }

  private static void run(List<LogitsProcessor> chain, long[] ids, int row, float[] scores) {
    int[] own = new int[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      own[i] = (int) ids[row * LENGTH + i];
    }
    TokenHistory history = new TokenHistory(own, PROMPT);
    chain.forEach(processor -> processor.apply(history, scores));
  }

  @TestFactory
  List<DynamicTest> processors_agree_with_transformers() {
    return cases().entrySet().stream().map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
      try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("misc/logits_processors.safetensors"))) {
        float[] expected = file.entry(entry.getKey()).floats();
        for (int row = 0; row < 3; row++) {
          float[] scores = row(file.entry("scores").floats(), row);
          run(entry.getValue(), file.entry("input_ids").longs(), row, scores);
          assertThat(scores).as("row " + row).containsExactly(row(expected, row), within(1e-5f));
        }
      }
    })).toList();
  }

  @Test
  void the_chain_gives_the_probabilities_of_transformers() {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("misc/logits_processors.safetensors"))) {
      float[] expected = file.entry("chain.probs").floats();
      for (int row = 0; row < 3; row++) {
        float[] scores = row(file.entry("scores").floats(), row);
        run(cases().getOrDefault("chain", List.of()), file.entry("input_ids").longs(), row, scores);
        double[] p = Scores.probabilities(scores);
        for (int i = 0; i < VOCABULARY; i++) {
          assertThat(p[i]).isCloseTo(expected[row * VOCABULARY + i], within(1e-6));
        }
      }
    }
  }
}
