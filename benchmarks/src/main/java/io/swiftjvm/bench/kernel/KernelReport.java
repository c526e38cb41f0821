package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.Scope;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * Runs every kernel under JMH on one thread and prints a table: time of a call, GFLOP/s, GB/s, what fraction that is of the
 * limit that {@link Roof} measures in the same run (for products the arithmetic, else reading), and bytes of heap a call.
 *
 * <pre>java -cp ... io.swiftjvm.bench.kernel.KernelReport [--quick] [PART_OF_A_NAME ...]</pre>
 */
public final class KernelReport {
  private KernelReport() {}

  /** Arguments: {@code --quick} for one short fork, and parts of names; without names all kernels run. */
  public static void main(String[] args) throws RunnerException {
    boolean quick = List.of(args).contains("--quick");
    List<String> parts = Stream.of(args).filter(arg -> !arg.startsWith("--")).toList();
    String[] names = KernelBenchmark.kernels().keySet().stream()
        .filter(name -> parts.isEmpty() || parts.stream().anyMatch(name::contains)).toArray(String[]::new);
    Optional<Roof> before = Roof.measure(quick ? 5 : 15);
    ChainedOptionsBuilder options = new OptionsBuilder().include(KernelBenchmark.class.getName()).param("kernel", names)
        .param("threads", "1").verbosity(VerboseMode.SILENT).addProfiler(GCProfiler.class)
        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED")
        .forks(quick ? 1 : 3).warmupIterations(quick ? 1 : 3).measurementIterations(quick ? 3 : 5)
        .warmupTime(TimeValue.milliseconds(quick ? 100 : 500)).measurementTime(TimeValue.milliseconds(quick ? 150 : 500));
    Collection<RunResult> results = new Runner(options.build()).run();
    Optional<Roof> after = Roof.measure(quick ? 5 : 15);
    Optional<Roof> roof = before.flatMap(b -> after.map(a -> new Roof(
        Math.max(a.gigaflops(), b.gigaflops()), Math.max(a.gigabytes(), b.gigabytes()))));
    System.out.println(roof.map(r -> String.format(Locale.ROOT, "One thread: %.0f GFLOP/s float32, reading %.1f GB/s.%n",
        r.gigaflops(), r.gigabytes())).orElse("No C compiler, hence no limits measured.\n"));
    System.out.println("| kernel | us a call (min - max) | GFLOP/s | GB/s | of the limit | heap bytes a call |");
    System.out.println("|---|---|---|---|---|---|");
    for (RunResult result : results) {
      System.out.println(line(result, roof));
    }
  }

  private static String line(RunResult result, Optional<Roof> roof) {
    String name = result.getParams().getParam("kernel");
    Statistics nanos = result.getPrimaryResult().getStatistics();
    double median = nanos.getPercentile(50);
    Work work;
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend)) {
      work = KernelBenchmark.work(name, backend, scope);
    }
    double flops = work.operations() / median;
    double bytes = work.bytes() / median;
    // Codes of 8 bits are multiplied four at a time, which the float32 limit does not count.
    String of = roof.map(r -> Math.max(flops / r.gigaflops(), bytes / r.gigabytes()))
        .map(f -> String.format(Locale.ROOT, "%.0f %%", 100 * f)).orElse("-");
    double heap = Optional.ofNullable(result.getSecondaryResults().get("gc.alloc.rate.norm")).map(r -> r.getScore()).orElse(0.0);
    return String.format(Locale.ROOT, "| %s | %.1f (%.1f - %.1f) | %s | %.1f | %s | %.0f |", name, median / 1e3,
        nanos.getMin() / 1e3, nanos.getMax() / 1e3, work.operations() == 0 ? "-" : String.format(Locale.ROOT, "%.1f", flops),
        bytes, of, heap);
  }
}
