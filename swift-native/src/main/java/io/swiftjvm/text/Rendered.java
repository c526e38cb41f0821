package io.swiftjvm.text;

import java.util.List;

/**
 * What a chat template made of a conversation.
 *
 * @param text the prompt or training text; encode it with {@code tokenizer.encode(text, false)}
 * @param generationSpans the parts inside {@code {% generation %}} blocks, in Java chars of the text, in order: what
 *     the assistant said; empty when the template has no such blocks
 */
public record Rendered(String text, List<Span> generationSpans) {
  public Rendered {
    generationSpans = List.copyOf(generationSpans);
  }
}
