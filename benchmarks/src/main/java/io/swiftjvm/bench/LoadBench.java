package io.swiftjvm.bench;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.model.CausalLm;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Time and Java heap to load a model, then the speed of a prompt of 128 tokens and of 32 greedy tokens behind it.
 *
 * <pre>java -cp ... io.swiftjvm.bench.LoadBench MODEL_DIR [ROUNDS [int8|int4|nf4]]</pre>
 */
public final class LoadBench {
  private static final int PROMPT = 128;
  private static final int ANSWER = 32;

  private LoadBench() {}

  /** Arguments: a model folder, rounds of decoding (default 3). */
  public static void main(String[] args) {
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    long start = System.nanoTime();
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Path.of(args[0]), backend)) {
      double seconds = (System.nanoTime() - start) / 1e9;
      if (args.length > 2) {
        long before = System.nanoTime();
        WeightFormats.of(args[2]).apply(model);
        System.out.printf(Locale.ROOT, "quantised in %.2f s%n", (System.nanoTime() - before) / 1e9);
      }
      System.gc();
      long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
      System.out.printf(Locale.ROOT, "load %.3f s, Java heap %.1f MiB, %s%n", seconds, heap / 1048576.0,
          backend.description());
      Engine engine = new Engine(model);
      int[] prompt = IntStream.range(5, 5 + PROMPT).toArray();
      for (int i = 0; i < rounds; i++) {
        double first = time(engine, prompt, 1);
        double all = time(engine, prompt, ANSWER + 1);
        System.out.printf(Locale.ROOT, "prompt %.0f tokens/s, decode %.1f tokens/s%n", PROMPT / first,
            ANSWER / (all - first));
      }
    }
  }

  private static double time(Engine engine, int[] prompt, int tokens) {
    long start = System.nanoTime();
    Completion answer =
        engine.generate(GenerateRequest.of(prompt).sampling(SamplingParams.GREEDY.maxTokens(tokens).ignoreEos(true)));
    if (answer.tokens().size() != tokens) {
      throw new IllegalStateException("only " + answer.tokens().size() + " tokens came");
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
