package io.swiftjvm.serve;

import io.swiftjvm.train.objective.YesNo;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a model that was trained for vectors, classes or relevance reads texts: as those of its training.
 *
 * {@snippet :
 * TextForm form = new TextForm(conversation -> tokenizer.encode(render(conversation), false), null);
 * }
 *
 * @param tokens the ids of a conversation of {@code role} and {@code content}: a user's message for a single text, with
 *     an assistant's behind it for a document to a question. For many threads
 * @param words by which a generative reranker answers; null = there is a score head, or vectors are compared
 */
public record TextForm(Function<List<Map<String, Object>>, int[]> tokens, @Nullable YesNo words) {
  int[] single(String text) {
    return tokens.apply(List.of(Map.of("role", "user", "content", text)));
  }

  int[] pair(String question, String document) {
    return tokens.apply(List.of(
        Map.of("role", "user", "content", question), Map.of("role", "assistant", "content", document)));
  }
}
