package io.swiftjvm.run;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.EngineCounters;
import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.Generation;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.Scheduler;
import io.swiftjvm.infer.SchedulerOptions;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.tuner.method.TunerFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The engine in this JVM: one model in memory whose callers share passes. Owns the model.
 *
 * {@snippet :
 * try (LocalEngine engine = Swift.model("swift-tiny").engine()) {
 *   Reply reply = engine.chat("Who are you?", piece -> show(piece));
 * }
 * }
 */
public final class LocalEngine implements ChatEngine {
  private static final Duration TAKE = Duration.ofMinutes(1);

  private final Settings settings;
  private final LoadedModel loaded;
  private final List<String> models = new ArrayList<>();
  private final Engine engine;
  private final Scheduler scheduler;
  private volatile boolean closed;

  private LocalEngine(Settings settings, LoadedModel loaded, EngineOptions options) {
    this.settings = settings;
    this.loaded = loaded;
    loaded.template();
    models.add(Serving.model(settings, loaded).name());
    Map<String, Path> named = AdapterRef.named(settings.model().adapters());
    if (named.containsKey(models.getFirst())) {
      throw new InvalidPlanException("An adapter has the model's own name, '" + models.getFirst()
          + "'. Give it another one.");
    }
    named.forEach((name, folder) -> TunerFiles.attachAny(loaded.model(), folder, name, false));
    models.addAll(named.keySet());
    this.engine = new Engine(loaded.model(), loaded.tokenizer(), options);
    this.scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT.queue(Integer.MAX_VALUE / 2)
        .queueWait(Duration.ofDays(1)));
  }

  /** Loads the model of a plan with its adapters. */
  public static LocalEngine open(Settings settings, EngineOptions options) {
    LoadedModel loaded = LoadedModel.open(settings);
    try {
      return new LocalEngine(settings, loaded, options);
    } catch (RuntimeException | Error e) {
      Closing.after(e, loaded);
      throw e;
    }
  }

  @Override
  public List<String> models() {
    return List.copyOf(models);
  }

  /** What the engine did so far: prefix hits, preemptions, guesses. */
  public EngineCounters counters() {
    return engine.counters();
  }

  @Override
  public Reply chat(ChatRequest request, Consumer<String> listener) {
    if (closed) {
      throw new IllegalStateException("the engine of " + models.getFirst() + " is closed");
    }
    SamplingParams sampling = request.sampling() == null ? settings.sampling() : request.sampling();
    int[] prompt = ChatEncoder.prompt(loaded, request.messages(), settings.text());
    Generation answer = scheduler.submit(
        List.of(GenerateRequest.of(prompt).sampling(sampling).adapters(adapters(request)).grammar(request.grammar())));
    boolean whole = false;
    try {
      Reply reply = take(answer, listener);
      whole = true;
      return reply;
    } finally {
      if (!whole) {
        answer.cancel();
      }
    }
  }

  private List<String> adapters(ChatRequest request) {
    String model = request.model() == null ? models.get(Math.min(1, models.size() - 1)) : request.model();
    if (!models.contains(model)) {
      throw new InvalidPlanException("There is no model '" + model + "'. There are " + models + ".");
    }
    return model.equals(models.getFirst()) ? loaded.adapters() : List.of(model);
  }

  private static Reply take(Generation answer, Consumer<String> listener) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          switch (answer.next(TAKE)) {
            case Generation.Piece piece -> {
              if (!piece.text().isEmpty()) {
                listener.accept(piece.text());
              }
            }
            case Generation.Done done -> {
              Completion said = done.completion();
              return new Reply(said.text(), said.finishReason(), said.usage());
            }
            case null -> {}
          }
        } catch (InterruptedException e) {
          interrupted = true;
          answer.cancel();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Closing.all(scheduler, loaded);
    }
  }

  @Override
  public String toString() {
    return models + ", " + counters();
  }
}
