package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.Oracle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyExtensionTest {
  @TempDir
  Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen3-untied-sharded", "qwen3-bf16"})
  void new_tokens_have_ids_and_rows_and_the_others_keep_their_logits(String name) {
    Path folder = Oracle.path("models/" + name);
    List<String> tokens = IntStream.range(0, 70).mapToObj(i -> "<new_" + i + ">").toList();
    List<Integer> ids = VocabularyExtension.write(folder, tokens, temp.resolve("more"), false);
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(temp.resolve("more"));
        Backend backend = Devices.cpu(2);
        CausalLm before = CausalLm.load(folder, backend);
        CausalLm after = CausalLm.load(temp.resolve("more"), backend)) {
      assertThat(tokenizer.encode("a<new_3>b", false)).contains(ids.get(3));
      assertThat(after.config().vocabSize()).isGreaterThan(ids.getLast());
      int old = before.config().vocabSize();
      int wide = after.config().vocabSize();
      long[] text = {5, 6, 7, 8};
      float[] was = Oracle.logits(before, List.of(), text);
      float[] is = Oracle.logits(after, List.of(), text);
      for (int t = 0; t < text.length; t++) {
        assertThat(Arrays.copyOfRange(is, t * wide, t * wide + ids.getFirst())).usingComparatorWithPrecision(1e-5f)
            .containsExactly(Arrays.copyOfRange(was, t * old, t * old + ids.getFirst()));
      }
      assertThat(Oracle.logits(after, List.of(), new long[] {ids.getFirst(), ids.getLast()})).doesNotContain(Float.NaN);
    }
  }

  @Test
  void a_token_that_is_there_or_empty_is_refused() {
    Path folder = Oracle.path("models/qwen3");
    for (String token : new String[] {"", " ", "<|im_end|>"}) {
      assertThatThrownBy(() -> VocabularyExtension.write(folder, List.of(token), temp.resolve("x"), false))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("new_special_tokens");
    }
    assertThatThrownBy(() -> VocabularyExtension.write(folder, List.of("<a>", "<a>"), temp.resolve("x"), false))
        .isInstanceOf(InvalidPlanException.class);
  }
}
