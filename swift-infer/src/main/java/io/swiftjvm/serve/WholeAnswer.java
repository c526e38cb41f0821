package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Generation.Done;
import io.swiftjvm.infer.Generation.Event;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** A response that is sent when all answers are complete. */
final class WholeAnswer implements Answer {
  private final Service service;
  private final Work work;
  private final View view;
  private final Map<Integer, Completion> done = new TreeMap<>();
  private final LateBody body;

  WholeAnswer(Service service, Call call, Work work, View view) {
    this.view = view;
    this.service = service;
    this.work = work;
    this.body = new LateBody(service, call);
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
    body.heartbeat();
  }

  @Override
  public void end() throws IOException {
    ObjectNode out = head(work, work.form().object());
    ArrayNode choices = out.putArray("choices");
    int made = 0;
    for (Map.Entry<Integer, Completion> one : done.entrySet()) {
      Completion c = one.getValue();
      made += c.usage().completionTokens();
      choices.add(work.form().choice(one.getKey(), c.text(),
          new LogprobTrail(service.tokens()).take(c.logprobs(), c.text()), c.finishReason().toString()));
    }
    out.set("usage", usage(work, made));
    body.send(view.whole(out));
  }

  @Override
  public void fail(ApiException error) throws IOException {
    body.fail(error);
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
