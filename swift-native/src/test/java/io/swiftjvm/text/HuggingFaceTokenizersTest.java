package io.swiftjvm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.TokenizerException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceTokenizersTest {
  @TempDir
  private Path dir;

  private static Tokenizer qwen() {
    return HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/qwen"));
  }

  @Test
  void a_folder_without_tokenizer_is_refused_with_the_name_of_the_file() {
    assertThatThrownBy(() -> HuggingFaceTokenizers.load(dir)).isInstanceOf(TokenizerException.class)
        .hasMessageContaining(dir.resolve("tokenizer.json").toString()).hasMessageContaining("no such file");
  }

  @Test
  void a_cut_file_is_refused_with_the_place() throws IOException {
    String json = Files.readString(OracleFiles.path("tokenizers/qwen").resolve("tokenizer.json"));
    Files.writeString(dir.resolve("tokenizer.json"), json.substring(0, json.length() / 2));
    assertThatThrownBy(() -> HuggingFaceTokenizers.load(dir)).isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json").hasMessageContaining("line");
  }

  @Test
  void files_that_are_no_tokenizer_are_refused() throws IOException {
    for (String json : new String[] {"", "[]", "{}", "{\"model\": 3}", "{\"model\": {\"type\": \"Magic\"}}",
        "{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
        "{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"b c\"]}}",
        "{\"a\": 1, \"a\": 2}", "{} {}"}) {
      Files.writeString(dir.resolve("tokenizer.json"), json);
      assertThatThrownBy(() -> HuggingFaceTokenizers.load(dir)).as(json).isInstanceOf(TokenizerException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }

  @Test
  void a_malformed_configuration_is_refused_with_its_name() throws IOException {
    Files.copy(OracleFiles.path("tokenizers/qwen").resolve("tokenizer.json"), dir.resolve("tokenizer.json"));
    Files.writeString(dir.resolve("tokenizer_config.json"), "{");
    assertThatThrownBy(() -> HuggingFaceTokenizers.load(dir)).isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer_config.json");
  }

  @Test
  void special_tokens_may_be_objects_and_may_stand_in_the_map_file() throws IOException {
    Files.copy(OracleFiles.path("tokenizers/qwen").resolve("tokenizer.json"), dir.resolve("tokenizer.json"));
    Files.writeString(dir.resolve("tokenizer_config.json"), "{\"eos_token\": {\"content\": \"<|im_end|>\"}}");
    Files.writeString(dir.resolve("special_tokens_map.json"),
        "{\"pad_token\": \"<|endoftext|>\", \"eos_token\": \"<|endoftext|>\"}");
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(dir)) {
      assertThat(tokenizer.special().eos()).hasValue(716);
      assertThat(tokenizer.special().eosToken()).contains("<|im_end|>");
      assertThat(tokenizer.special().pad()).hasValue(714);
      assertThat(tokenizer.special().bos()).isEmpty();
    }
  }

  @Test
  void long_texts_are_not_cut() {
    try (Tokenizer tokenizer = qwen()) {
      assertThat(tokenizer.encode("a b ".repeat(5000), false)).hasSizeGreaterThan(5000);
    }
  }

  @Test
  void offsets_convert_to_java_chars() {
    try (Tokenizer tokenizer = qwen()) {
      String text = "\uD83D\uDE00 a \uD83D\uDE00b";
      Encoding encoding = tokenizer.encodeWithOffsets(text, false).toCharOffsets(text);
      int last = encoding.size() - 1;
      assertThat(text.substring(encoding.starts()[last], encoding.ends()[last])).isEqualTo("b");
    }
  }

  @Test
  void half_surrogate_pairs_become_replacement_characters() {
    try (Tokenizer tokenizer = qwen()) {
      assertThat(tokenizer.decode(tokenizer.encode("a\uD83Db\uDE00\uD83D\uDE00", false), false))
          .isEqualTo("a\ufffdb\ufffd\uD83D\uDE00");
    }
  }

  @Test
  void ids_that_the_tokenizer_does_not_know_decode_to_nothing() {
    try (Tokenizer tokenizer = qwen()) {
      assertThat(tokenizer.decode(new int[] {64, 100_000, -5}, false)).isEqualTo("a");
      assertThatThrownBy(() -> tokenizer.token(100_000)).isInstanceOf(TokenizerException.class);
      assertThat(tokenizer.id("no such token")).isEmpty();
      assertThat(tokenizer.id("<|im_end|>")).hasValue(716);
    }
  }

  @Test
  void a_closed_tokenizer_refuses_work() {
    Tokenizer tokenizer = qwen();
    assertThat(tokenizer.encodePlain("a")).containsExactly(64);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a", false)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tokenizer.encodePlain("a")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_stream_of_random_ids_shows_what_the_whole_decodes_to() {
    try (Tokenizer tokenizer = qwen()) {
      Random random = new Random(7);
      for (int round = 0; round < 50; round++) {
        int[] ids = random.ints(60, 0, tokenizer.vocabSize()).toArray();
        for (boolean skip : new boolean[] {false, true}) {
          StreamDecoder decoder = tokenizer.streamDecoder(skip);
          StringBuilder shown = new StringBuilder();
          Arrays.stream(ids).forEach(id -> shown.append(decoder.push(id)));
          shown.append(decoder.finish());
          assertThat(shown.toString()).isEqualTo(tokenizer.decode(ids, skip));
        }
      }
    }
  }

  @Test
  void endless_garbage_is_shown_instead_of_piling_up() {
    try (Tokenizer tokenizer = qwen()) {
      int half = tokenizer.encode("\u4f60", false)[0];
      StreamDecoder decoder = tokenizer.streamDecoder(false);
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        shown.append(decoder.push(half));
      }
      assertThat(shown.length()).isGreaterThan(60);
    }
  }

  @Test
  void loading_leaves_no_system_property_behind() {
    qwen().close();
    assertThat(System.getProperty("RUST_FLAVOR")).isNull();
    assertThat(System.getProperty("ai.djl.offline")).isNull();
  }
}
