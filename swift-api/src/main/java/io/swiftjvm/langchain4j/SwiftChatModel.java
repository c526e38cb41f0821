package io.swiftjvm.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.swiftjvm.serve.LocalApi;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A model in this JVM as LangChain4j's {@link ChatModel}. Callers of one run share passes (continuous batching).
 *
 * {@snippet :
 * try (Run run = Swift.model("swift-tiny").load()) {
 *   ChatModel model = new SwiftChatModel(run.api());
 *   String answer = model.chat("What is LoRA?");
 * }
 * }
 *
 * <p>Requests that the model cannot serve throw LangChain4j's exceptions: {@code UnsupportedFeatureException},
 * {@code InvalidRequestException}, {@code ModelNotFoundException}, {@code RateLimitException}. Thread-safe; the API
 * stays with its owner.
 *
 * @since 0.1
 */
public final class SwiftChatModel extends LocalModel implements ChatModel {
  /** The model behind {@code api} with the settings of its plan. */
  public SwiftChatModel(LocalApi api) {
    this(api, named(api), List.of());
  }

  private SwiftChatModel(LocalApi api, ChatRequestParameters defaults, List<ChatModelListener> listeners) {
    super(api, defaults, listeners);
  }

  /** Sets parameters for requests that have none of their own. Default: the model's name, all else as the plan says. */
  public SwiftChatModel defaults(ChatRequestParameters value) {
    return new SwiftChatModel(api, defaultRequestParameters().overrideWith(value), listeners());
  }

  /** Sets who is told of requests and answers. Default: nobody. */
  public SwiftChatModel listeners(List<ChatModelListener> value) {
    return new SwiftChatModel(api, defaultRequestParameters(), value);
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    return answer(request, LocalApi.Events.NONE);
  }

  /** The answer from a virtual thread; cancelling the future ends it within a step. */
  @Override
  public CompletableFuture<ChatResponse> doChatAsync(ChatRequest request) {
    CompletableFuture<ChatResponse> future = new CompletableFuture<>();
    Thread.ofVirtual().name("swift-chat").start(() -> {
      try {
        future.complete(answer(request, new LocalApi.Events() {
          @Override
          public boolean event(String json) {
            return true;
          }

          @Override
          public boolean cancelled() {
            return future.isDone();
          }
        }));
      } catch (RuntimeException | Error e) {
        future.completeExceptionally(e);
      }
    });
    return future;
  }

  private ChatResponse answer(ChatRequest request, LocalApi.Events events) {
    return Replies.response(
        Replies.post(api, "/v1/chat/completions", body(request), events));
  }
}
