package io.swiftjvm.bench;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.model.CausalLm;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Loads a checkpoint and rounds its weights in memory: one line of JSON with the processor seconds of all threads, those of
 * the whole process included ({@code peers/quantize.sh} has {@code llama-quantize} beside it).
 *
 * <pre>java -cp ... io.swiftjvm.bench.QuantizeBench MODEL_DIR int8|int4|nf4 THREADS</pre>
 */
public final class QuantizeBench {
  private QuantizeBench() {}

  /** Arguments: a model folder, a format, threads. */
  public static void main(String[] args) {
    try (CpuBackend backend = new CpuBackend(Integer.parseInt(args[2]));
        CausalLm model = CausalLm.load(Path.of(args[0]), backend)) {
      double before = seconds();
      WeightFormats.of(args[1]).apply(model);
      double after = seconds();
      System.out.printf(Locale.ROOT, "{\"peer\":\"ours\",\"type\":\"%s\",\"quantise_cpu_s\":%.2f,\"process_cpu_s\":%.2f}%n",
          args[1], after - before, after);
    }
  }

  private static double seconds() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }
}
