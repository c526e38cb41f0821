package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.testing.OracleFiles;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int VOCABULARY = 32;

  @Test
  void tokens_come_with_the_probabilities_of_transformers() {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("misc/logits_processors.safetensors"))) {
      float[] expected = file.entry("chain.probs").floats();
      float[] scores = file.entry("chain").floats();
      int draws = 40_000;
      for (int row = 0; row < 3; row++) {
        int from = row * VOCABULARY;
        double[] p = Scores.probabilities(Arrays.copyOfRange(scores, from, from + VOCABULARY));
        int[] counts = new int[VOCABULARY];
        for (int i = 0; i < draws; i++) {
          counts[Draws.choose(p, Draws.uniform(row, i))]++;
        }
        for (int i = 0; i < VOCABULARY; i++) {
          // Five standard deviations of a share.
          double q = expected[from + i];
          assertThat(counts[i] / (double) draws).isCloseTo(q, within(1e-9 + 5 * Math.sqrt(q * (1 - q) / draws)));
        }
      }
    }
  }

  @Test
  void draws_are_a_fixed_function_of_seed_and_index() {
    assertThat(Draws.uniform(42, 0)).isEqualTo(Draws.uniform(42, 0)).isBetween(0.0, 1.0);
    assertThat(Draws.uniform(42, 1)).isNotEqualTo(Draws.uniform(42, 0));
    assertThat(Draws.uniform(43, 0)).isNotEqualTo(Draws.uniform(42, 0));
    // The first output of SplitMix64 seeded with 0 is 0xE220A8397B1DCDAF.
    assertThat(Draws.uniform(0, 0)).isEqualTo((0xE220A8397B1DCDAFL >>> 11) * 0x1.0p-53);
  }

  @Test
  void scores_that_cannot_be_chosen_from_are_refused() {
    Sampler sampler = new Sampler(List.of(), true, 0);
    float[] forbidden = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (float[] scores : List.of(new float[] {1, Float.NaN}, forbidden)) {
      assertThatThrownBy(() -> sampler.next(new TokenHistory(1), scores)).isInstanceOf(SwiftException.class)
          .hasMessageContaining("not finite");
    }
    LogitsProcessor nothing = (history, scores) -> Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    assertThatThrownBy(() -> new Sampler(List.of(nothing), true, 0).next(new TokenHistory(1), new float[] {1, 2}))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("forbid every token");
  }

  @Test
  void the_kth_greatest_is_that_of_a_sorted_copy() {
    Random random = new Random(5);
    for (int round = 0; round < 300; round++) {
      float[] scores = new float[1 + random.nextInt(60)];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = random.nextInt(5) == 0 ? Float.NEGATIVE_INFINITY : random.nextInt(12) - 6;
      }
      float[] sorted = scores.clone();
      Arrays.sort(sorted);
      int k = 1 + random.nextInt(scores.length);
      assertThat(Scores.kthGreatest(scores, k)).isEqualTo(sorted[sorted.length - k]);
    }
  }
}
