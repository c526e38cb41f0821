package io.swiftjvm.serve;

import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.TextVectors;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.train.objective.YesNo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Vectors of texts, made between the passes of answers. Looks up between its passes: for the client, for the end. */
final class VectorWork implements AutoCloseable {
  private final TextVectors vectors;
  private final Pooling pooling;
  private final Semaphore places;
  private volatile boolean closed;

  /** At most {@code queue} requests at once. */
  VectorWork(Engine engine, int queue) {
    this.vectors = new TextVectors(engine);
    this.pooling = Pooling.of(engine.model().directory());
    this.places = new Semaphore(queue);
  }

  /** What is asked of the model. */
  @FunctionalInterface
  private interface Kind {
    float[][] of(List<int[]> texts);
  }

  /** Pooled hidden states, of any length. */
  List<float[]> embed(Service service, Call call, LateBody body, List<int[]> texts, List<String> adapters)
      throws IOException {
    return each(service, call, body, texts, group -> vectors.embed(group, adapters, pooling));
  }

  /** Outputs of a score head. */
  List<float[]> classify(Service service, Call call, LateBody body, List<int[]> texts, List<String> adapters)
      throws IOException {
    return each(service, call, body, texts, group -> vectors.classify(group, adapters));
  }

  /** By how much a generative reranker would rather say yes than no. */
  List<float[]> rank(Service service, Call call, LateBody body, List<int[]> texts, List<String> adapters, YesNo words)
      throws IOException {
    return each(service, call, body, texts, group -> vectors.rank(group, adapters, words));
  }

  private List<float[]> each(Service service, Call call, LateBody body, List<int[]> texts, Kind kind)
      throws IOException {
    int tokens = texts.stream().mapToInt(text -> text.length).sum();
    if (!places.tryAcquire()) {
      throw ApiException.tooMany("The server's queue is full. Try again later.", 1);
    }
    try {
      call.pass().prompt(tokens);
      service.metrics().prompts(tokens);
      long tried = System.nanoTime();
      List<float[]> all = new ArrayList<>();
      for (List<int[]> group : TextVectors.passes(texts)) {
        if (closed) {
          throw ApiException.unavailable("The server is shutting down.", 1);
        }
        all.addAll(List.of(kind.of(group)));
        if (System.nanoTime() - tried >= service.options().deadlines().heartbeat().toNanos()) {
          body.heartbeat();
          tried = System.nanoTime();
        }
      }
      return all;
    } finally {
      places.release();
    }
  }

  /** Ends what is being made after its pass. */
  @Override
  public void close() {
    closed = true;
  }
}
