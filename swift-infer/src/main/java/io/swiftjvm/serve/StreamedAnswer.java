package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Generation.Done;
import io.swiftjvm.infer.Generation.Event;
import io.swiftjvm.infer.Generation.Piece;
import io.swiftjvm.infer.TokenLogprob;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A response as server-sent events, one for each piece of text, then {@code [DONE]}. */
final class StreamedAnswer implements Answer {
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LAST = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
  /** A comment of the event stream, which every client passes over. */
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private final Service service;
  private final Call call;
  private final Work work;
  private final View view;
  private final Map<Integer, LogprobTrail> trails = new HashMap<>();
  private @Nullable OutputStream out;
  private boolean spoke;
  private int made;

  StreamedAnswer(Service service, Call call, Work work, View view) {
    this.view = view;
    this.service = service;
    this.call = call;
    this.work = work;
  }

  @Override
  public void event(Event event) throws IOException {
    switch (event) {
      case Piece piece -> {
        List<TokenLogprob> logprobs = trails.computeIfAbsent(piece.index(), i -> new LogprobTrail(service.tokens()))
            .take(piece.logprobs(), piece.text());
        if (!piece.text().isEmpty() || !logprobs.isEmpty()) {
          choice(work.form().delta(piece.index(), piece.text(), logprobs, null));
        }
      }
      case Done done -> {
        if (done.completion().finishReason() == FinishReason.CANCELLED) {
          throw ApiException.unavailable("The server is shutting down.", 1);
        }
        made += done.completion().usage().completionTokens();
        choice(work.form().delta(done.index(), "", List.of(), done.completion().finishReason().toString()));
      }
    }
    spoke = true;
  }

  @Override
  public void heartbeat() throws IOException {
    if (!spoke) {
      OutputStream stream = stream();
      stream.write(COMMENT);
      stream.flush();
    }
    spoke = false;
  }

  @Override
  public void end() throws IOException {
    if (work.usage()) {
      ObjectNode last = WholeAnswer.head(work, work.form().chunkObject());
      last.putArray("choices");
      last.set("usage", WholeAnswer.usage(work, made));
      event(last);
    }
    OutputStream stream = stream();
    stream.write(LAST);
    stream.flush();
    stream.close();
  }

  @Override
  public void fail(ApiException error) throws IOException {
    if (out == null) {
      throw error;
    }
    write(view.error(error));
    stream().close();
  }

  private void choice(@Nullable ObjectNode choice) throws IOException {
    if (choice == null) {
      return;
    }
    ObjectNode chunk = WholeAnswer.head(work, work.form().chunkObject());
    chunk.putArray("choices").add(choice);
    if (work.usage()) {
      chunk.putNull("usage");
    }
    event(chunk);
  }

  private void event(ObjectNode node) throws IOException {
    // begun first: the opening of the choices comes before everything else
    stream();
    for (ObjectNode event : view.events(node)) {
      write(event);
    }
  }

  private void write(ObjectNode node) throws IOException {
    OutputStream stream = stream();
    if (view.named()) {
      stream.write(("event: " + node.path("type").asText() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    stream.write(DATA);
    stream.write(service.json().bytes(node));
    stream.write(END);
    stream.flush();
  }

  /** The stream, begun with the opening of every choice. */
  private OutputStream stream() throws IOException {
    OutputStream now = out;
    if (now == null) {
      Map<String, String> headers = call.headers("text/event-stream");
      headers.put("Cache-Control", "no-cache");
      now = call.exchange().open(200, headers);
      out = now;
      for (int i = 0; i < work.requests().size(); i++) {
        choice(work.form().opening(i));
      }
    }
    return now;
  }
}
