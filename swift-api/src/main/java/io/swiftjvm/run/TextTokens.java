package io.swiftjvm.run;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.rows.Origin;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.objective.YesNo;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The tokens of texts for vectors and classes: the same as a training of the plan would make of them. */
public final class TextTokens {
  private TextTokens() {}

  /** The tokens of conversations of {@code {role, content}} messages. */
  public static List<int[]> of(
      Settings settings, LoadedModel loaded, List<List<Map<String, Object>>> conversations) {
    return conversations.stream().map(encoder(settings, loaded)).toList();
  }

  /** {@link #of} for one conversation after the other, by many threads. */
  static Function<List<Map<String, Object>>, int[]> encoder(Settings settings, LoadedModel loaded) {
    Encoder encoder = Encoder.of(settings, loaded);
    return conversation -> {
      List<Message> messages = conversation.stream().map(message -> new Message(
          String.valueOf(message.get("role")), String.valueOf(message.get("content")), null, null)).toList();
      return encoder.text(new Row(messages, Map.of(), new Origin("request", 0)));
    };
  }

  /** The words by which a generative reranker of the plan answers. */
  public static YesNo words(Settings settings, LoadedModel loaded) {
    return TaskLoss.words(settings.head(), loaded.tokenizer());
  }
}
