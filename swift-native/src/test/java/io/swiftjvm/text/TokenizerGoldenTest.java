package io.swiftjvm.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.testing.OracleFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerGoldenTest {
  @ParameterizedTest
  @ValueSource(strings = {"qwen", "qwen25", "qwen3_instruct", "llama3", "mistral", "gemma", "deepseek", "unigram"})
  void ids_tokens_offsets_and_decodes_equal_those_of_the_reference(String name) {
    Path dir = OracleFiles.path("tokenizers/" + name);
    JsonNode golden = Json.read(dir.resolve("golden_text.json"));
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(dir)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(golden.get("vocab_size").intValue());
      assertThat(tokenizer.special().bos()).isEqualTo(id(golden.get("bos")));
      assertThat(tokenizer.special().eos()).isEqualTo(id(golden.get("eos")));
      assertThat(tokenizer.special().pad()).isEqualTo(id(golden.get("pad")));
      assertThat(golden.get("cases").size()).isPositive();
      golden.get("cases").forEach(each -> check(tokenizer, each));
    }
  }

  private static OptionalInt id(JsonNode node) {
    return node.isNull() ? OptionalInt.empty() : OptionalInt.of(node.intValue());
  }

  private static void check(Tokenizer tokenizer, JsonNode golden) {
    String text = golden.get("text").textValue();
    int[] ids = Json.ints(golden.get("ids"));
    assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ids);
    assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(Json.ints(golden.get("add_special_tokens")));
    Encoding encoding = tokenizer.encodeWithOffsets(text, false);
    assertThat(encoding.ids()).isEqualTo(ids);
    List<String> tokens = new ArrayList<>();
    golden.get("tokens").forEach(token -> tokens.add(token.textValue()));
    assertThat(encoding.tokens()).isEqualTo(tokens);
    List<List<Integer>> offsets = new ArrayList<>();
    golden.get("offsets").forEach(pair -> offsets.add(List.of(pair.get(0).intValue(), pair.get(1).intValue())));
    List<List<Integer>> found = new ArrayList<>();
    for (int i = 0; i < encoding.size(); i++) {
      found.add(List.of(encoding.starts()[i], encoding.ends()[i]));
      assertThat(tokenizer.token(ids[i])).isEqualTo(tokens.get(i));
    }
    assertThat(found).isEqualTo(offsets);
    assertThat(tokenizer.decode(ids, false)).isEqualTo(golden.get("decode").textValue());
    assertThat(tokenizer.decode(ids, true)).isEqualTo(golden.get("decode_skip_special").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "qwen25", "qwen3_instruct", "llama3", "mistral", "gemma", "deepseek", "unigram"})
  void prefixes_decode_as_in_the_reference_and_the_stream_shows_only_whole_characters(String name) {
    Path dir = OracleFiles.path("tokenizers/" + name);
    JsonNode golden = Json.read(dir.resolve("golden_text.json")).get("stream");
    int[] ids = Json.ints(golden.get("ids"));
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(dir)) {
      StreamDecoder decoder = tokenizer.streamDecoder(false);
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < ids.length; i++) {
        String prefix = golden.get("prefix_decodes").get(i).textValue();
        assertThat(tokenizer.decode(Arrays.copyOf(ids, i + 1), false)).isEqualTo(prefix);
        shown.append(decoder.push(ids[i]));
        assertThat(tokenizer.decode(ids, false)).startsWith(shown.toString());
        if (!prefix.contains("\ufffd")) {
          assertThat(shown.toString()).isEqualTo(prefix);
        }
      }
      shown.append(decoder.finish());
      assertThat(shown.toString()).isEqualTo(tokenizer.decode(ids, false));
      assertThat(decoder.finish()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "qwen25", "qwen3_instruct", "llama3", "mistral", "gemma", "deepseek", "unigram"})
  void plain_encoding_equals_normal_encoding_where_the_text_names_no_special_token(String name) {
    Path dir = OracleFiles.path("tokenizers/" + name);
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(dir)) {
      Json.read(dir.resolve("golden_text.json")).get("cases").forEach(each -> {
        String text = each.get("text").textValue();
        int[] ids = Json.ints(each.get("ids"));
        OptionalInt unknown = tokenizer.special().unk();
        boolean control = Arrays.stream(ids)
            .anyMatch(id -> tokenizer.special().all().contains(id) && !OptionalInt.of(id).equals(unknown));
        int[] plain = tokenizer.encodePlain(text);
        if (!control) {
          assertThat(plain).as(text).isEqualTo(ids);
        }
        assertThat(Arrays.stream(plain).filter(id -> tokenizer.special().all().contains(id))
            .filter(id -> !OptionalInt.of(id).equals(unknown))).as(text).isEmpty();
      });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "qwen25", "qwen3_instruct", "llama3", "mistral", "gemma", "deepseek", "unigram"})
  void the_names_of_special_tokens_are_ordinary_text_in_plain_encoding(String name) {
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/" + name))) {
      for (int id : tokenizer.special().all()) {
        if (OptionalInt.of(id).equals(tokenizer.special().unk())) {
          continue;
        }
        String text = "a " + tokenizer.token(id) + " b";
        assertThat(tokenizer.encode(text, false)).contains(id);
        assertThat(tokenizer.encodePlain(text)).doesNotContain(id);
      }
    }
  }
}
