package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;

/** An item of a response's output while it is streamed: what is told when it begins, grows and ends. */
final class OpenItem {
  /** What an item holds. */
  enum Kind {
    MESSAGE("msg_", "response.output_text"),
    REASONING("rs_", "response.reasoning_text"),
    CALL("fc_", "response.function_call_arguments");

    private final String prefix;
    private final String event;

    Kind(String prefix, String event) {
      this.prefix = prefix;
      this.event = event;
    }

    String prefix() {
      return prefix;
    }
  }

  private final Kind kind;
  private final String id;
  private final int index;
  private final JsonNode call;
  private final StringBuilder text = new StringBuilder();
  private final ArrayNode logprobs = JsonNodeFactory.instance.arrayNode();

  /**
   * An item that has nothing yet.
   *
   * @param call the chunk of the call that begins; missing for others
   */
  OpenItem(Kind kind, String id, int index, JsonNode call) {
    this.kind = kind;
    this.id = id;
    this.index = index;
    this.call = call;
  }

  Kind kind() {
    return kind;
  }

  /** Tells that it begins; {@code event} makes an event of a type. */
  void begin(Function<String, ObjectNode> event) {
    ObjectNode added = event.apply("response.output_item.added").put("output_index", index);
    added.set("item", item("in_progress"));
    if (kind == Kind.MESSAGE) {
      located(event.apply("response.content_part.added")).put("content_index", 0)
          .set("part", ResponseItems.text("", MissingNode.getInstance()));
    }
  }

  void more(String piece, JsonNode logprobsOfIt, Function<String, ObjectNode> event) {
    text.append(piece);
    logprobsOfIt.forEach(logprobs::add);
    if (!piece.isEmpty() || !logprobsOfIt.isEmpty()) {
      ObjectNode delta = located(event.apply(kind.event + ".delta")).put("delta", piece);
      if (kind == Kind.MESSAGE) {
        ArrayNode list = delta.putArray("logprobs");
        logprobsOfIt.forEach(list::add);
      }
      content(delta);
    }
  }

  /** Tells that it is complete and returns it. */
  ObjectNode end(Function<String, ObjectNode> event) {
    ObjectNode done = located(event.apply(kind.event + ".done"));
    content(done);
    done.put(kind == Kind.CALL ? "arguments" : "text", text.toString());
    if (kind == Kind.MESSAGE) {
      done.set("logprobs", logprobs.deepCopy());
      located(event.apply("response.content_part.done")).put("content_index", 0)
          .set("part", ResponseItems.text(text.toString(), logprobs));
    }
    ObjectNode item = item("completed");
    event.apply("response.output_item.done").put("output_index", index).set("item", item);
    return item;
  }

  private ObjectNode located(ObjectNode event) {
    return event.put("item_id", id).put("output_index", index);
  }

  private void content(ObjectNode event) {
    if (kind != Kind.CALL) {
      event.put("content_index", 0);
    }
  }

  private ObjectNode item(String status) {
    String all = text.toString();
    return switch (kind) {
      case MESSAGE -> {
        ArrayNode content = JsonNodeFactory.instance.arrayNode();
        yield ResponseItems.message(
            id, status, status.equals("completed") ? content.add(ResponseItems.text(all, logprobs)) : content);
      }
      case REASONING -> ResponseItems.reasoning(id, status, all);
      case CALL -> ResponseItems.call(
          id, status, call.path("id").asText(), call.at("/function/name").asText(), all);
    };
  }
}
