package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.Scope;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One call of one kernel; which one is a parameter that {@link KernelReport} sets. */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KernelBenchmark {
  /** A name of {@link #kernels}. */
  @Param("matmul_fp32_512")
  public String kernel = "";

  /** Kernel threads. */
  @Param("1")
  public int threads;

  private @Nullable Backend backend;
  private @Nullable Scope scope;
  private Runnable body = () -> {};

  static Map<String, Bench> kernels() {
    Map<String, Bench> all = new TreeMap<>(Products.all());
    all.putAll(Rows.all());
    return all;
  }

  static Work work(String kernel, Backend backend, Scope scope) {
    Bench bench = kernels().get(kernel);
    if (bench == null) {
      throw new IllegalArgumentException("kernels are " + kernels().keySet() + ", got " + kernel);
    }
    return bench.with(new Inputs(backend, scope, new SplittableRandom(1)));
  }

  /** Makes the tensors. */
  @Setup(Level.Trial)
  public void open() {
    Backend b = Devices.cpu(threads);
    Scope s = new Scope(b);
    body = work(kernel, b, s).body();
    backend = b;
    scope = s;
  }

  /** The kernel. */
  @Benchmark
  public void call() {
    body.run();
  }

  /** Gives the memory back. */
  @TearDown(Level.Trial)
  public void close() {
    if (scope != null && backend != null) {
      scope.close();
      backend.close();
    }
  }
}
