package io.swiftjvm.bench.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {
  @Test
  void the_most_frequent_pair_is_merged_first() {
    BpeTrainer bpe = new BpeTrainer();
    for (int i = 0; i < 3; i++) {
      bpe.add("lower low");
    }
    bpe.train(256 + 3);
    assertThat(bpe.merges()).startsWith(List.of("l", "o"), List.of("lo", "w"));
    assertThat(bpe.tokens()).hasSize(259).contains("low", "Ġlow");
  }

  @Test
  void every_byte_has_a_token_of_its_own() {
    BpeTrainer bpe = new BpeTrainer();
    bpe.train(300);
    assertThat(bpe.tokens()).hasSize(256).doesNotHaveDuplicates();
    assertThat(bpe.merges()).isEmpty();
  }

  @Test
  void a_merge_never_reaches_across_words_or_digits() {
    BpeTrainer bpe = new BpeTrainer();
    for (int i = 0; i < 9; i++) {
      bpe.add("a b 12");
    }
    bpe.train(400);
    assertThat(bpe.tokens()).contains("Ġb", "Ġ1").doesNotContain("aĠ", "12", "Ġ12");
  }

  @Test
  void pairs_inside_repeated_letters_are_counted_once_merged() {
    BpeTrainer bpe = new BpeTrainer();
    bpe.add("aaaa");
    bpe.add("aaaa");
    bpe.train(400);
    assertThat(bpe.merges()).containsExactly(List.of("a", "a"), List.of("aa", "aa"));
  }
}
