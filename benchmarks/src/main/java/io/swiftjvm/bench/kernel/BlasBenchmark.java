package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
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
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Our float32 product {@code x w^T} on one thread beside {@code cblas_sgemm} of any library, called in the same way.
 *
 * <pre>OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 java -cp ... io.swiftjvm.bench.kernel.BlasBenchmark LIBRARY.so ...</pre>
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BlasBenchmark {
  private static final String OURS = "ours";
  private static final int ROW_MAJOR = 101;
  private static final int PLAIN = 111;
  private static final int TRANSPOSED = 112;

  /** A shared library with {@code cblas_sgemm}, or {@code ours}. */
  @Param(OURS)
  public String library = "";

  /** Rows of x, rows of w, columns of both. */
  @Param({"1x3072x1024", "8x3072x1024", "64x1024x1024", "512x3072x1024", "512x1024x3072", "512x8x1024", "512x3072x8",
      "512x128x128"})
  public String shape = "";

  private @Nullable Backend backend;
  private @Nullable Scope scope;
  private @Nullable Arena arena;
  private Runnable body = () -> {};

  /** Makes the matrices and loads the library. */
  @Setup(Level.Trial)
  public void open() {
    String[] sizes = shape.split("x");
    int m = Integer.parseInt(sizes[0]);
    int n = Integer.parseInt(sizes[1]);
    int k = Integer.parseInt(sizes[2]);
    Backend b = Devices.cpu(1);
    Scope s = new Scope(b);
    backend = b;
    scope = s;
    Inputs inputs = new Inputs(b, s, new SplittableRandom(1));
    Tensor x = inputs.floats(m, k);
    Tensor w = inputs.weights(DType.F32, n, k);
    Tensor y = inputs.floats(m, n);
    if (library.equals(OURS)) {
      body = () -> b.matmul(x, false, w, true, y, 1, 0);
      return;
    }
    Arena a = Arena.ofShared();
    arena = a;
    MethodHandle sgemm = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(Path.of(library), a).findOrThrow("cblas_sgemm"), FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    MemorySegment px = x.segment();
    MemorySegment pw = w.segment();
    MemorySegment py = y.segment();
    body = () -> {
      try {
        sgemm.invokeExact(ROW_MAJOR, PLAIN, TRANSPOSED, m, n, k, 1f, px, k, pw, k, 0f, py, n);
      } catch (Throwable t) {
        throw new IllegalStateException(t);
      }
    };
  }

  /** One product. */
  @Benchmark
  public void product() {
    body.run();
  }

  /** Gives the memory back. */
  @TearDown(Level.Trial)
  public void close() {
    if (scope != null && backend != null) {
      scope.close();
      backend.close();
    }
    if (arena != null) {
      arena.close();
    }
  }

  /** Arguments: libraries. Prints GFLOP/s of each shape: ours, then the libraries in their order. */
  public static void main(String[] args) throws RunnerException {
    List<String> libraries = new ArrayList<>(List.of(OURS));
    libraries.addAll(List.of(args));
    Collection<RunResult> results = new Runner(new OptionsBuilder().include(BlasBenchmark.class.getName())
        .param("library", libraries.toArray(String[]::new)).verbosity(VerboseMode.SILENT)
        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED").forks(3).warmupIterations(1).measurementIterations(3)
        .warmupTime(TimeValue.milliseconds(200)).measurementTime(TimeValue.milliseconds(200)).build()).run();
    for (RunResult result : results) {
      String[] sizes = result.getParams().getParam("shape").split("x");
      double work = 2.0 * Integer.parseInt(sizes[0]) * Integer.parseInt(sizes[1]) * Integer.parseInt(sizes[2]);
      System.out.printf(Locale.ROOT, "%-14s %-90s %6.1f GFLOP/s%n", result.getParams().getParam("shape"),
          result.getParams().getParam("library"), work / result.getPrimaryResult().getStatistics().getPercentile(50));
    }
  }
}
