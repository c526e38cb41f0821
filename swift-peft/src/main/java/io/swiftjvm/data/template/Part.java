package io.swiftjvm.data.template;

/** A part of a template definition: text with placeholders, or one of the tokenizer's own special tokens by id. */
public sealed interface Part {
  /** Text; {@code {{SYSTEM}}}, {@code {{QUERY}}}, {@code {{ROUND0}}} and {@code {{ROUND1}}} are filled in. */
  record Text(String text) implements Part {}

  /** A token that is written as an id and not as text. */
  enum Id implements Part { BOS, EOS }
}
