package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.infer.TokenLogprob;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTextTest {
  private static ModelSource source;
  private static Tokenizer tokenizer;
  private static TokenText tokens;

  @BeforeAll
  static void open() {
    source = ModelSource.locator().open("swift-tiny");
    tokenizer = HuggingFaceTokenizers.load(source.folder());
    tokens = new TokenText(tokenizer);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    source.close();
  }

  private static TokenLogprob logprob(int id) {
    return new TokenLogprob(id, -1, Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain words", "Ünïcödé", "日本語 テキスト", "😀👩‍👩‍👧", "\t\n\r ~", "a\u0000b\u00ad\u00a0"})
  void bytes_of_the_tokens_are_those_of_the_text(String text) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Arrays.stream(tokenizer.encodePlain(text)).forEach(id -> all.writeBytes(tokens.bytes(id)));
    assertThat(all.toString(StandardCharsets.UTF_8)).isEqualTo(text);
  }

  @Test
  void ids_without_a_token_have_no_bytes() {
    assertThat(tokens.bytes(1_000_000)).isEmpty();
  }

  @Test
  void a_trail_tells_a_token_when_its_first_byte_shows_and_never_what_was_cut_off() {
    int[] ids = tokenizer.encodePlain("日本 and more");
    LogprobTrail trail = new LogprobTrail(tokens);
    int told = 0;
    for (int i = 0; i < ids.length - 1; i++) {
      told += trail.take(List.of(logprob(ids[i])), "").size();
    }
    assertThat(told).isZero();
    List<TokenLogprob> first = trail.take(List.of(logprob(ids[ids.length - 1])), "日");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    first.forEach(t -> bytes.writeBytes(tokens.bytes(t.token())));
    assertThat(bytes.toString(StandardCharsets.UTF_8)).startsWith("日");
    assertThat(first.size()).isLessThan(ids.length);
    assertThat(new LogprobTrail(tokens).take(List.of(logprob(tokenizer.special().eos().orElseThrow())), "x")).isEmpty();
  }
}
