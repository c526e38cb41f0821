package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import io.swiftjvm.serve.LocalApi;
import java.util.List;

/**
 * Counts tokens exactly, with the model's tokenizer and chat template; for LangChain4j's {@code TokenWindowChatMemory}.
 *
 * {@snippet :
 * int tokens = new SwiftTokenCountEstimator(run.api()).estimateTokenCountInText("What is LoRA?");
 * }
 *
 * @since 0.1
 */
public final class SwiftTokenCountEstimator implements TokenCountEstimator {
  private final LocalApi api;

  /** The model behind {@code api}. */
  public SwiftTokenCountEstimator(LocalApi api) {
    this.api = api;
  }

  /** Tokens of the text alone. */
  @Override
  public int estimateTokenCountInText(String text) {
    return count(JsonNodeFactory.instance.objectNode().put("prompt", text).put("add_special_tokens", false));
  }

  /** Tokens of a conversation of this message alone, without the opening of an answer. */
  @Override
  public int estimateTokenCountInMessage(ChatMessage message) {
    return estimateTokenCountInMessages(List.of(message));
  }

  /** Tokens of the conversation, without the opening of an answer. */
  @Override
  public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
    if (!messages.iterator().hasNext()) {
      return 0;
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("add_generation_prompt", false);
    Requests.messages(messages, body.putArray("messages"));
    return count(body);
  }

  private int count(ObjectNode body) {
    return Replies.post(api, "/tokenize", body, LocalApi.Events.NONE).path("count").asInt();
  }
}
