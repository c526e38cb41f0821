package io.swiftjvm.infer.external;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.Usage;
import io.swiftjvm.infer.external.EngineException.Reason;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts an answer together from the chunks of {@code /v1/chat/completions}. */
final class ChatStream {
  private final ObjectMapper json;
  private final String where;
  private final Consumer<String> listener;
  private final StringBuilder text = new StringBuilder();
  private @Nullable FinishReason finish;
  private Usage usage = new Usage(0, 0);

  ChatStream(ObjectMapper json, String where, Consumer<String> listener) {
    this.json = json;
    this.where = where;
    this.listener = listener;
  }

  Reply read(EventStream events) {
    try {
      String data = events.next();
      while (data != null && !data.equals("[DONE]")) {
        take(data);
        data = events.next();
      }
      FinishReason reason = finish;
      if (reason == null) {
        throw new EngineException(Reason.PROTOCOL, 200,
            "The stream of " + where + " ended " + (data == null ? "in the middle." : "without a finish_reason."));
      }
      return new Reply(text.toString(), reason, usage);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply(text.toString(), FinishReason.CANCELLED, usage);
    }
  }

  private void take(String data) {
    JsonNode chunk;
    try {
      chunk = json.readTree(data);
    } catch (JsonProcessingException e) {
      throw new EngineException(Reason.PROTOCOL, "An event of " + where + " is no JSON.", e);
    }
    if (chunk.hasNonNull("error")) {
      JsonNode error = chunk.get("error");
      throw new EngineException(Reason.FAILED, error.path("code").asInt(200),
          where + " broke off: " + error.path("message").asText(error.asText("no message")));
    }
    JsonNode counted = chunk.path("usage");
    if (counted.isObject()) {
      usage = new Usage(counted.path("prompt_tokens").asInt(), counted.path("completion_tokens").asInt());
    }
    JsonNode choice = chunk.path("choices").path(0);
    String piece = choice.path("delta").path("content").asText("");
    if (!piece.isEmpty()) {
      text.append(piece);
      listener.accept(piece);
    }
    if (choice.hasNonNull("finish_reason")) {
      String reason = choice.get("finish_reason").asText();
      finish = switch (reason) {
        case "length" -> FinishReason.LENGTH;
        case "abort" -> FinishReason.CANCELLED;
        default -> FinishReason.STOP;
      };
    }
  }
}
