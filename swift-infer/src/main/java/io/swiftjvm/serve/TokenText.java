package io.swiftjvm.serve;

import io.swiftjvm.text.TokenBytes;
import io.swiftjvm.text.Tokenizer;
import java.nio.charset.StandardCharsets;

/** What a single token stands for. */
final class TokenText {
  private final Tokenizer tokenizer;
  private final TokenBytes bytes;

  TokenText(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.bytes = new TokenBytes(tokenizer);
  }

  /** True if the token controls rather than says something. */
  boolean silent(int id) {
    return tokenizer.special().all().contains(id);
  }

  String text(int id) {
    return new String(bytes(id), StandardCharsets.UTF_8);
  }

  byte[] bytes(int id) {
    return bytes.of(id);
  }
}
