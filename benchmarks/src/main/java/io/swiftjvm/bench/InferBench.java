package io.swiftjvm.bench;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.tensor.DType;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Tokens per second of a prompt of 512, of decoding behind a prompt of 16, and of 8 sequences decoded together: one line
 * of JSON for each round, to be read beside {@code llama-bench} and {@code llama-batched-bench} ({@code peers/infer.sh}).
 * One thread is timed by its processor time, several by the clock.
 *
 * <pre>java -cp ... io.swiftjvm.bench.InferBench MODEL_DIR f32|bf16|bf16-copied|int8|int4|nf4 THREADS [ROUNDS]</pre>
 */
public final class InferBench {
  private static final int PROMPT = 512;
  private static final int SHORT = 16;
  private static final int ANSWER = 32;
  private static final int SEQUENCES = 8;

  private final Engine engine;
  private final boolean byProcessor;

  private InferBench(Engine engine, boolean byProcessor) {
    this.engine = engine;
    this.byProcessor = byProcessor;
  }

  /** Arguments: a model folder, the format of its weights in memory, threads, rounds (default 3, and two before). */
  public static void main(String[] args) {
    String format = args[1].toLowerCase(Locale.ROOT);
    int threads = Integer.parseInt(args[2]);
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 3;
    DType stored = format.equals("f32") ? DType.F32 : null;
    try (CpuBackend backend = new CpuBackend(threads);
        CausalLm model = CausalLm.load(Path.of(args[0]), backend, new LoadOptions(stored).mapped(!format.equals("bf16-copied")))) {
      double quantised = 0;
      if (!format.equals("f32") && !format.startsWith("bf16")) {
        long before = processorNanos();
        WeightFormats.of(format).apply(model);
        quantised = (processorNanos() - before) / 1e9;
      }
      InferBench bench = new InferBench(new Engine(model), threads == 1);
      for (int i = -1; i <= rounds; i++) {
        double prompt = PROMPT / bench.seconds(1, PROMPT, 1);
        double decode = (ANSWER - 1) / (bench.seconds(1, SHORT, ANSWER) - bench.seconds(1, SHORT, 1));
        double batch = SEQUENCES * (ANSWER - 1)
            / (bench.seconds(SEQUENCES, SHORT, ANSWER) - bench.seconds(SEQUENCES, SHORT, 1));
        if (i > 0) {
          System.out.printf(Locale.ROOT,
              "{\"peer\":\"ours\",\"type\":\"%s\",\"threads\":%d,\"prompt\":%.1f,\"decode\":%.2f,\"batch8\":%.1f,"
                  + "\"quantise_cpu_s\":%.2f,\"heap_bytes_a_token\":%d,\"heap_peak_mib\":%d}%n",
              format, threads, prompt, decode, batch, quantised, bench.allocated(), heapPeak() >> 20);
        }
      }
    }
  }

  private double seconds(int sequences, int prompt, int tokens) {
    GenerateRequest request = GenerateRequest.of(IntStream.range(5, 5 + prompt).toArray())
        .sampling(SamplingParams.GREEDY.maxTokens(tokens).ignoreEos(true));
    List<GenerateRequest> requests = Collections.nCopies(sequences, request);
    long start = now();
    if (engine.generate(requests).stream().anyMatch(answer -> answer.tokens().size() != tokens)) {
      throw new IllegalStateException("an answer has not " + tokens + " tokens");
    }
    return (now() - start) / 1e9;
  }

  /** Bytes of Java heap that a token of an answer takes. */
  private long allocated() {
    long[] taken = new long[2];
    for (int i = 0; i < 2; i++) {
      long before = threads().getCurrentThreadAllocatedBytes();
      seconds(1, SHORT, i == 0 ? 1 : ANSWER);
      taken[i] = threads().getCurrentThreadAllocatedBytes() - before;
    }
    return (taken[1] - taken[0]) / (ANSWER - 1);
  }

  private static com.sun.management.ThreadMXBean threads() {
    return (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  }

  private static long heapPeak() {
    return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
  }

  private long now() {
    return byProcessor ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() : System.nanoTime();
  }

  private static long processorNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }
}
