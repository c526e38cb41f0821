package io.swiftjvm.text;

import java.util.OptionalInt;

/**
 * Text to token ids and back, exactly as the {@code tokenizer.json} of the model says. Never truncates, never pads.
 * Safe for use by many threads until {@link #close()}.
 *
 * {@snippet :
 * try (Tokenizer tokenizer = HuggingFaceTokenizers.load(Path.of("models/qwen3"))) {
 *   int[] ids = tokenizer.encode("Hello", false);
 *   String text = tokenizer.decode(ids, true);
 * }
 * }
 *
 * @since 0.1
 */
public interface Tokenizer extends AutoCloseable {
  /**
   * Encodes text in which the strings of special tokens ({@code <|im_end|>}) stand for these tokens, as in the output
   * of a chat template.
   *
   * @param addSpecialTokens whether the post-processor of the tokenizer adds its own tokens, such as a leading bos;
   *     false for text that a chat template rendered
   */
  int[] encode(String text, boolean addSpecialTokens);

  /** Encodes two texts as one input, joined the way the tokenizer's post-processor says: what a cross-encoder reads. */
  int[] encodePair(String first, String second, boolean addSpecialTokens);

  /**
   * Encodes text as data: the strings of special tokens inside it stay ordinary text and never become control tokens.
   * Added tokens that are not special are still recognised. No bos or eos is added.
   */
  int[] encodePlain(String text);

  /** Like {@link #encode} and says for each id which characters of the text it covers. */
  Encoding encodeWithOffsets(String text, boolean addSpecialTokens);

  /** The text of the ids. With {@code skipSpecialTokens} special tokens leave no trace in it. */
  String decode(int[] ids, boolean skipSpecialTokens);

  /** The number of tokens, added ones included. The embedding of the model may have more rows. */
  int vocabSize();

  /** The vocabulary entry of an id, in the alphabet of the vocabulary: {@code Ġhello}, not {@code " hello"}. */
  String token(int id);

  /** The id of a vocabulary entry or added token; empty when there is none. */
  OptionalInt id(String token);

  /** The tokens that control rather than say something. */
  SpecialTokens special();

  /** A new decoder for one stream of ids; it holds back the bytes of characters that are not complete yet. */
  StreamDecoder streamDecoder(boolean skipSpecialTokens);

  /** Frees the native tokenizer. Every use afterwards throws {@link IllegalStateException}. */
  @Override
  void close();
}
