package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.Generation;
import io.swiftjvm.infer.Generation.Done;
import io.swiftjvm.infer.Generation.Event;
import io.swiftjvm.infer.OverloadedException;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Lets the scheduler make the answers of a request and sends them. A client that left ends them within a step. */
final class Responder {
  private static final Duration LAST_EVENTS = Duration.ofSeconds(1);
  private static final int QUEUE_RETRY = 1;

  private final Service service;

  Responder(Service service) {
    this.service = service;
  }

  void answer(Call call, Work work, View view) throws IOException, InterruptedException {
    call.pass().prompt(work.promptTokens());
    Generation generation;
    try {
      generation = service.scheduler().submit(work.requests());
    } catch (OverloadedException e) {
      throw ApiException.tooMany("The server's queue is full. Try again later.", QUEUE_RETRY);
    } catch (InvalidPlanException e) {
      throw ApiException.invalid(null, String.valueOf(e.getMessage()));
    } catch (IllegalStateException e) {
      throw ApiException.unavailable("The server is shutting down.", QUEUE_RETRY);
    }
    service.metrics().prompts(work.promptTokens());
    Answer answer = work.stream() ? new StreamedAnswer(service, call, work, view)
        : new WholeAnswer(service, call, work, view);
    try {
      send(call, generation, answer);
    } finally {
      generation.cancel();
      count(call, generation);
    }
  }

  private void send(Call call, Generation generation, Answer answer) throws IOException, InterruptedException {
    Duration heartbeat = service.options().deadlines().heartbeat();
    long tried = System.nanoTime();
    try {
      while (!generation.finished()) {
        Event event = next(call, generation, heartbeat);
        if (event != null) {
          answer.event(event);
        }
        if (generation.started() && System.nanoTime() - tried >= heartbeat.toNanos()) {
          answer.heartbeat();
          tried = System.nanoTime();
        }
      }
      answer.end();
    } catch (ApiException e) {
      answer.fail(e);
    } catch (InvalidPlanException e) {
      // only now it turned out that the form of the answer cannot be followed
      answer.fail(ApiException.invalid(null, String.valueOf(e.getMessage())));
    } catch (RuntimeException e) {
      service.options().failures().accept(e);
      answer.fail(ApiException.bug());
    }
  }

  private @Nullable Event next(Call call, Generation generation, Duration timeout) throws InterruptedException {
    Event event;
    try {
      event = generation.next(timeout);
    } catch (OverloadedException e) {
      throw ApiException.tooMany("No place became free in time. Try again later.", QUEUE_RETRY);
    }
    if (event instanceof Done done) {
      service.metrics().answer(done.completion(), done.times());
      call.pass().made(done.completion().usage().completionTokens());
    }
    return event;
  }

  /** Counts what was made for a client that left. */
  private void count(Call call, Generation generation) throws InterruptedException {
    try {
      while (!generation.finished()) {
        next(call, generation, LAST_EVENTS);
      }
    } catch (RuntimeException e) {
      // it was told already, or nobody is there to be told
    }
  }
}
