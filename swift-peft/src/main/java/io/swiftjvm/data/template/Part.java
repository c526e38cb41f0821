package io.swiftjvm.data.template;

/** A part of a template definition: text with placeholders, or one token by itself. */
public sealed interface Part {
  /**
   * Text; {@code {{SYSTEM}}}, {@code {{QUERY}}}, {@code {{ROUND0}}}, {@code {{ROUND1}}}, {@code {{DATE}}} and
   * {@code {{ISO_DATE}}} are filled in, {@code {{THINKING}}a{{OR}}b{{END}}} is a where thoughts are asked for, else b.
   */
  record Text(String text) implements Part {}

  /** A token by its number, for models whose vocabulary has no text for it. */
  record Token(int id) implements Part {}

  /** A token by its text, which has to be one token of the vocabulary. */
  record Named(String token) implements Part {}

  /** The tokenizer's own special tokens. */
  enum Id implements Part { BOS, EOS }
}
