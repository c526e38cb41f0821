package io.swiftjvm.bench;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.Generation;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.Scheduler;
import io.swiftjvm.infer.SchedulerOptions;
import io.swiftjvm.infer.Speculation;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The engine at several numbers of streams that come at once: tokens/s of prompts, time to the first token, tokens/s of
 * each stream and of all together. Prompts of 128 tokens that have nothing in common, answers of 64.
 *
 * <pre>java -cp ... io.swiftjvm.bench.EngineBench MODEL_DIR bf16|int8|int4|nf4 THREADS [f32|q8] [ngram|none] [STREAMS ...]</pre>
 */
public final class EngineBench {
  private static final int PROMPT = 128;
  private static final int ANSWER = 64;
  private static final int IDS = 30_000;

  private EngineBench() {}

  /** Arguments: a model folder, the weights' format, threads, the cache's type, guesses or none, streams (1 8 32). */
  public static void main(String[] args) throws InterruptedException {
    DType cache = args.length > 3 && args[3].equals("q8") ? DType.Q8_BLOCK : DType.F32;
    Speculation guesses = args.length > 4 && args[4].equals("ngram") ? new Speculation.Ngram(5) : null;
    int[] streams = args.length > 5 ? Arrays.stream(args).skip(5).mapToInt(Integer::parseInt).toArray()
        : new int[] {1, 8, 32};
    try (CpuBackend backend = new CpuBackend(Integer.parseInt(args[2]));
        CausalLm model = CausalLm.load(Path.of(args[0]), backend)) {
      if (!args[1].equals("bf16")) {
        WeightFormats.of(args[1].toLowerCase(Locale.ROOT)).apply(model);
      }
      Engine engine = new Engine(model, null, EngineOptions.DEFAULT.cacheType(cache).speculation(guesses));
      try (Scheduler scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
        measure(scheduler, model.config().vocabSize(), 1, 0); // weights come into memory, code is compiled
        for (int count : streams) {
          measure(scheduler, model.config().vocabSize(), count, count);
        }
        System.out.println(engine.counters());
      }
    }
  }

  private static void measure(Scheduler scheduler, int vocabulary, int count, int seed) throws InterruptedException {
    Random random = new Random(seed);
    long start = System.nanoTime();
    List<Generation> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = random.ints(PROMPT, 5, Math.min(vocabulary, IDS)).toArray();
      all.add(scheduler.submit(List.of(GenerateRequest.of(prompt)
          .sampling(SamplingParams.GREEDY.maxTokens(ANSWER).ignoreEos(true)))));
    }
    double first = 0;
    double prefill = 0;
    double each = 0;
    long made = 0;
    for (Generation generation : all) {
      Generation.Done done = last(generation);
      Completion answer = done.completion();
      first += (done.times().queue() + done.times().prefill()) * 1e-9 / count;
      prefill = Math.max(prefill, (done.times().queue() + done.times().prefill()) * 1e-9);
      each += (answer.usage().completionTokens() - 1) / (done.times().decode() * 1e-9) / count;
      made += answer.usage().completionTokens();
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    System.out.printf(Locale.ROOT, "%s%d streams: prompts %.0f tokens/s, first token after %.2f s (mean), each %.1f "
        + "tokens/s, all %.1f tokens/s%n", seed == 0 ? "warm-up, " : "", count, (double) PROMPT * count / prefill, first,
        each, made / seconds);
  }

  private static Generation.Done last(Generation generation) throws InterruptedException {
    while (true) {
      if (generation.next(Duration.ofMinutes(1)) instanceof Generation.Done done) {
        return done;
      }
    }
  }
}
