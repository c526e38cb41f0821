package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import io.swiftjvm.serve.LocalApi;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/** One streamed answer: chunks of the API on one side, LangChain4j's events on the other. */
final class ChatStream implements LocalApi.Events {
  private static final String FRESH = "";

  private final Consumer<ChatModelStreamingEvent> sink;
  private final BooleanSupplier cancelled;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final List<Call> calls = new ArrayList<>();
  private JsonNode head = MissingNode.getInstance();
  private JsonNode usage = MissingNode.getInstance();
  private String reason = FRESH;
  private int ended;

  ChatStream(Consumer<ChatModelStreamingEvent> sink, BooleanSupplier cancelled) {
    this.sink = sink;
    this.cancelled = cancelled;
  }

  /** A call in the making. */
  private static final class Call {
    private final String id;
    private final String name;
    private final StringBuilder arguments = new StringBuilder();

    Call(String id, String name) {
      this.id = id;
      this.name = name;
    }

    ToolExecutionRequest request() {
      return Replies.call(id, name, arguments.toString());
    }
  }

  /** Asks and tells the sink what comes; the last event is the complete response, unless it was cancelled. */
  void run(LocalApi api, ObjectNode body) {
    body.put("stream", true).set("stream_options",
        JsonNodeFactory.instance.objectNode().put("include_usage", true));
    Replies.post(api, "/v1/chat/completions", body, this);
    if (cancelled.getAsBoolean()) {
      return;
    }
    sink.accept(new CompleteResponse(Replies.response(head, text.toString(),
        thinking.isEmpty() ? null : thinking.toString(), calls.stream().map(Call::request).toList(), reason, usage)));
  }

  @Override
  public boolean cancelled() {
    return cancelled.getAsBoolean();
  }

  @Override
  public boolean event(String json) {
    JsonNode chunk = Replies.json(json);
    if (chunk.has("error")) {
      throw Replies.failure(500, chunk.path("error"));
    }
    head = chunk;
    usage = chunk.hasNonNull("usage") ? chunk.path("usage") : usage;
    JsonNode delta = chunk.at("/choices/0/delta");
    more(delta.path("reasoning_content"), thinking, PartialThinking::new);
    more(delta.path("content"), text, PartialResponse::new);
    delta.path("tool_calls").forEach(this::call);
    if (chunk.at("/choices/0").hasNonNull("finish_reason")) {
      reason = chunk.at("/choices/0/finish_reason").asText();
      endCall();
    }
    return !cancelled.getAsBoolean();
  }

  private void more(JsonNode piece, StringBuilder all, Function<String, ChatModelStreamingEvent> kind) {
    String more = piece.asText(FRESH);
    if (!piece.isNull() && !more.isEmpty()) {
      all.append(more);
      sink.accept(kind.apply(more));
    }
  }

  private void call(JsonNode part) {
    if (part.hasNonNull("id")) {
      endCall();
      calls.add(new Call(part.path("id").asText(), part.at("/function/name").asText()));
    }
    Call call = calls.getLast();
    String more = part.at("/function/arguments").asText(FRESH);
    call.arguments.append(more);
    if (!more.isEmpty()) {
      sink.accept(PartialToolCall.builder().index(calls.size() - 1).id(call.id).name(call.name).partialArguments(more)
          .build());
    }
  }

  /** Tells that the last call is complete, once. */
  private void endCall() {
    if (ended < calls.size()) {
      sink.accept(new CompleteToolCall(ended, calls.get(ended).request()));
      ended++;
    }
  }
}
