package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Generation.Done;
import io.swiftjvm.infer.Generation.Event;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A response that is sent when all answers are complete. Blanks before the JSON find out if the client is there. */
final class WholeAnswer implements Answer {
  private final Service service;
  private final Call call;
  private final Work work;
  private final Map<Integer, Completion> done = new TreeMap<>();
  private @Nullable OutputStream out;

  WholeAnswer(Service service, Call call, Work work) {
    this.service = service;
    this.call = call;
    this.work = work;
  }

  @Override
  public void event(Event event) {
    if (event instanceof Done last) {
      if (last.completion().finishReason() == FinishReason.CANCELLED) {
        throw ApiException.unavailable("The server is shutting down.", 1);
      }
      done.put(last.index(), last.completion());
    }
  }

  @Override
  public void heartbeat() throws IOException {
    OutputStream stream = out == null ? call.exchange().open(200, call.headers("application/json")) : out;
    out = stream;
    stream.write(' ');
    stream.flush();
  }

  @Override
  public void end() throws IOException {
    ObjectNode body = head(work, work.form().object());
    ArrayNode choices = body.putArray("choices");
    int made = 0;
    for (Map.Entry<Integer, Completion> one : done.entrySet()) {
      Completion c = one.getValue();
      made += c.usage().completionTokens();
      choices.add(work.form().choice(one.getKey(), c.text(),
          new LogprobTrail(service.tokens()).take(c.logprobs(), c.text()), c.finishReason().toString()));
    }
    body.set("usage", usage(work, made));
    write(body);
  }

  @Override
  public void fail(ApiException error) throws IOException {
    if (out == null) {
      throw error;
    }
    write(error.body());
  }

  private void write(ObjectNode body) throws IOException {
    byte[] bytes = service.json().bytes(body);
    OutputStream stream = out;
    if (stream == null) {
      call.json(bytes);
    } else {
      stream.write(bytes);
      stream.close();
    }
  }

  /** What every response and every event begins with. */
  static ObjectNode head(Work work, String object) {
    ObjectNode head = JsonNodeFactory.instance.objectNode();
    return head.put("id", work.id()).put("object", object).put("created", work.created()).put("model", work.model());
  }

  static ObjectNode usage(Work work, int made) {
    ObjectNode usage = JsonNodeFactory.instance.objectNode();
    return usage.put("prompt_tokens", work.promptTokens()).put("completion_tokens", made)
        .put("total_tokens", work.promptTokens() + made);
  }
}
