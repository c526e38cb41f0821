package io.swiftjvm.bench.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * The most that one thread can do here: float32 multiply-adds and reading of memory, by {@code roof.c}, which is compiled
 * when it is asked for.
 *
 * @param gigaflops 10^9 float32 operations a second
 * @param gigabytes 10^9 bytes read a second
 */
record Roof(double gigaflops, double gigabytes) {
  private static final long BYTES = 512L << 20;
  private static final long ROUNDS = 10_000_000;

  /** Medians of {@code rounds} measurements; empty without a C compiler. */
  static Optional<Roof> measure(int rounds) {
    try (Arena arena = Arena.ofConfined()) {
      Path library = compile();
      SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
      Files.delete(library);
      MethodHandle multiply = Linker.nativeLinker().downcallHandle(symbols.findOrThrow("roof_multiply"),
          FunctionDescriptor.of(ValueLayout.JAVA_DOUBLE, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
      MethodHandle read = Linker.nativeLinker().downcallHandle(symbols.findOrThrow("roof_read"),
          FunctionDescriptor.of(ValueLayout.JAVA_DOUBLE, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
      MemorySegment sink = arena.allocate(4);
      MemorySegment memory = arena.allocate(BYTES, 64);
      memory.fill((byte) 0);
      int level = wide() ? 2 : 1;
      return Optional.of(new Roof(
          median(rounds, () -> call(multiply, level, ROUNDS, sink)), median(rounds, () -> call(read, memory, BYTES / 4, sink))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static double median(int rounds, DoubleSupplier work) {
    double[] speeds = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      speeds[i] = work.getAsDouble() / (System.nanoTime() - start);
    }
    Arrays.sort(speeds);
    return speeds[rounds / 2];
  }

  private static double call(MethodHandle handle, Object... arguments) {
    try {
      return (double) handle.invokeWithArguments(arguments);
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
  }

  private static boolean wide() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains("avx512f");
    } catch (IOException e) {
      return false;
    }
  }

  private static Path compile() throws IOException {
    Path source = Files.createTempFile("roof", ".c");
    Path library = Files.createTempFile("libroof", ".so");
    try (InputStream in = Roof.class.getResourceAsStream("roof.c")) {
      if (in == null) {
        throw new IOException("roof.c is not among the resources");
      }
      Files.write(source, in.readAllBytes());
      Process compiler = new ProcessBuilder("cc", "-O3", "-shared", "-fPIC", "-Wno-psabi", "-o", library.toString(),
          source.toString()).inheritIO().start();
      if (compiler.waitFor() != 0) {
        throw new IOException("the compiler failed");
      }
      return library;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException(e));
    } finally {
      Files.delete(source);
    }
  }
}
