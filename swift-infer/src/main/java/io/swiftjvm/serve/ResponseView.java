package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A chat completion as {@code /v1/responses} shows it: items of output, and typed events with running numbers. */
final class ResponseView implements View {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final ResponseItems items;
  private final ArrayNode output = NODES.arrayNode();
  private List<ObjectNode> events = new ArrayList<>();
  private @Nullable OpenItem open;
  private String reason = "stop";
  private int number;

  ResponseView(ResponseItems items) {
    this.items = items;
  }

  @Override
  public boolean named() {
    return true;
  }

  @Override
  public ObjectNode whole(ObjectNode completion) {
    JsonNode choice = completion.at("/choices/0");
    JsonNode message = choice.path("message");
    String id = ResponseItems.id(completion);
    if (message.hasNonNull("reasoning_content")) {
      output.add(ResponseItems.reasoning("rs_" + id, "completed", message.path("reasoning_content").asText()));
    }
    JsonNode calls = message.path("tool_calls");
    String text = message.path("content").asText("");
    if (message.hasNonNull("content") && (!text.isEmpty() || calls.isEmpty())) {
      output.add(ResponseItems.message("msg_" + id, "completed",
          NODES.arrayNode().add(ResponseItems.text(text, choice.at("/logprobs/content")))));
    }
    for (JsonNode call : calls) {
      output.add(ResponseItems.call("fc_" + id + "_" + output.size(), "completed", call.path("id").asText(),
          call.at("/function/name").asText(), call.at("/function/arguments").asText()));
    }
    return items.finished(completion, choice.path("finish_reason").asText(), completion.path("usage"), output);
  }

  @Override
  public List<ObjectNode> events(ObjectNode chunk) {
    events = new ArrayList<>();
    if (number == 0) {
      event("response.created").set("response", items.response(chunk, "in_progress", NODES.arrayNode()));
      event("response.in_progress").set("response", items.response(chunk, "in_progress", NODES.arrayNode()));
    }
    String id = ResponseItems.id(chunk);
    JsonNode choice = chunk.at("/choices/0");
    JsonNode delta = choice.path("delta");
    if (delta.hasNonNull("reasoning_content")) {
      item(OpenItem.Kind.REASONING, id, MissingNode.getInstance())
          .more(delta.path("reasoning_content").asText(), MissingNode.getInstance(), this::event);
    }
    JsonNode logprobs = choice.at("/logprobs/content");
    String text = delta.path("content").asText("");
    OpenItem current = open;
    // log-probabilities alone may belong to a call whose text is not shown
    if (!text.isEmpty() || (current != null && current.kind() == OpenItem.Kind.MESSAGE && !logprobs.isEmpty())) {
      item(OpenItem.Kind.MESSAGE, id, MissingNode.getInstance()).more(text, logprobs, this::event);
    }
    for (JsonNode call : delta.path("tool_calls")) {
      item(OpenItem.Kind.CALL, id, call)
          .more(call.at("/function/arguments").asText(""), MissingNode.getInstance(), this::event);
    }
    if (choice.hasNonNull("finish_reason")) {
      reason = choice.path("finish_reason").asText();
      if (output.isEmpty() && open == null) {
        item(OpenItem.Kind.MESSAGE, id, MissingNode.getInstance());
      }
      close();
    }
    if (chunk.hasNonNull("usage")) {
      ObjectNode response = items.finished(chunk, reason, chunk.path("usage"), output);
      event("response." + response.path("status").asText()).set("response", response);
    }
    return events;
  }

  /** The item that more text belongs to; a new one where another kind, or another call, begins. */
  private OpenItem item(OpenItem.Kind kind, String id, JsonNode call) {
    OpenItem current = open;
    if (current == null || current.kind() != kind || call.hasNonNull("id")) {
      close();
      current = new OpenItem(kind, kind.prefix() + id + "_" + output.size(), output.size(), call);
      current.begin(this::event);
      open = current;
    }
    return current;
  }

  private void close() {
    OpenItem current = open;
    if (current != null) {
      output.add(current.end(this::event));
      open = null;
    }
  }

  private ObjectNode event(String type) {
    ObjectNode event = NODES.objectNode().put("type", type).put("sequence_number", number++);
    events.add(event);
    return event;
  }

  @Override
  public ObjectNode error(ApiException error) {
    JsonNode told = error.body().path("error");
    ObjectNode event = NODES.objectNode().put("type", "error").put("sequence_number", number++);
    event.set("code", told.path("code"));
    event.set("message", told.path("message"));
    event.set("param", told.path("param"));
    return event;
  }
}
