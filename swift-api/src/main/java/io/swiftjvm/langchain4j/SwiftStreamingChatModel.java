package io.swiftjvm.langchain4j;

import dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.swiftjvm.serve.LocalApi;
import java.util.List;
import java.util.concurrent.Flow;

/**
 * A model in this JVM as LangChain4j's {@link StreamingChatModel}, see {@link SwiftChatModel}. A handler is called from
 * a virtual thread; cancelling its handle, or a subscription, ends the answer within a step. A slow subscriber makes
 * its own answer pause, no other.
 *
 * {@snippet :
 * new SwiftStreamingChatModel(run.api()).chat("What is LoRA?", handler);
 * }
 *
 * @since 0.1
 */
public final class SwiftStreamingChatModel extends LocalModel implements StreamingChatModel {
  /** The model behind {@code api} with the settings of its plan. */
  public SwiftStreamingChatModel(LocalApi api) {
    this(api, named(api), List.of());
  }

  private SwiftStreamingChatModel(
      LocalApi api, ChatRequestParameters defaults, List<ChatModelListener> listeners) {
    super(api, defaults, listeners);
  }

  /** Sets parameters for requests that have none of their own. Default: the model's name, all else as the plan says. */
  public SwiftStreamingChatModel defaults(ChatRequestParameters value) {
    return new SwiftStreamingChatModel(api, defaultRequestParameters().overrideWith(value), listeners());
  }

  /** Sets who is told of requests and answers. Default: nobody. */
  public SwiftStreamingChatModel listeners(List<ChatModelListener> value) {
    return new SwiftStreamingChatModel(api, defaultRequestParameters(), value);
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    var body = body(request);
    Handle handle = new Handle();
    Thread.ofVirtual().name("swift-chat").start(() -> {
      try {
        new ChatStream(event -> tell(handler, handle, event), handle::isCancelled).run(api, body);
      } catch (RuntimeException | Error e) {
        InternalStreamingChatResponseHandlerUtils.withLoggingExceptions(() -> handler.onError(e));
      }
    });
  }

  private static void tell(StreamingChatResponseHandler handler, Handle handle, ChatModelStreamingEvent event) {
    switch (event) {
      case PartialResponse part ->
        InternalStreamingChatResponseHandlerUtils.onPartialResponse(handler, part.text(), handle);
      case PartialThinking part ->
        InternalStreamingChatResponseHandlerUtils.onPartialThinking(handler, part.text(), handle);
      case PartialToolCall part ->
        InternalStreamingChatResponseHandlerUtils.onPartialToolCall(handler, part, handle);
      case CompleteToolCall call -> InternalStreamingChatResponseHandlerUtils.onCompleteToolCall(handler, call);
      case CompleteResponse last ->
        InternalStreamingChatResponseHandlerUtils.onCompleteResponse(handler, last.chatResponse());
      default -> throw new IllegalStateException("an event of an unknown kind: " + event);
    }
  }

  /** An answer for each subscriber, made as far as it asks for it. */
  @Override
  public Flow.Publisher<ChatModelStreamingEvent> doChat(ChatRequest request) {
    var body = body(request);
    return subscriber -> {
      Demand demand = new Demand();
      subscriber.onSubscribe(demand);
      Thread.ofVirtual().name("swift-chat").start(() -> {
        try {
          demand.check();
          new ChatStream(event -> {
            if (demand.take()) {
              subscriber.onNext(event);
            }
          }, demand::cancelled).run(api, body);
          if (!demand.cancelled()) {
            subscriber.onComplete();
          }
        } catch (RuntimeException | Error e) {
          if (!demand.cancelled()) {
            subscriber.onError(e);
          }
        }
      });
    };
  }

  private static final class Handle implements StreamingHandle {
    private volatile boolean cancelled;

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }
  }
}
