package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.BackendProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The driver without a GPU ({@code src/test/c/cuda}), which runs the kernels' own sources on the CPU. With
 * {@code -Dswift.test.gpu=true} tests that only compute use the machine's driver instead.
 */
public final class FakeCuda {
  /** What {@code swift_fake} can be told or asked; in the order of driver.cpp. */
  public enum Control { RESET, INIT, VERSION, DEVICES, MEMORY, FAIL_LAUNCH, BROKEN, LAUNCHES, USED, CAPABILITY, IMAGE, COMPILE, SYNCS, GRAPHS, GRAPH_LAUNCHES }

  private static final String RESOURCE = "META-INF/cuda-emulator/libcuda-fake.so";
  private static final @Nullable Path FILE = extract();

  private FakeCuda() {}

  private static @Nullable Path extract() {
    try (InputStream in = FakeCuda.class.getClassLoader().getResourceAsStream(RESOURCE)) {
      if (in == null) {
        return null;
      }
      Path copy = Files.createTempFile("libcuda-fake", ".so");
      copy.toFile().deleteOnExit();
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      if (KernelSources.fatbin() == null) {
        // Built without nvcc: the fake NVRTC makes the image that the fake driver does not look at.
        System.setProperty(Nvrtc.PROPERTY, copy.toString());
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** True where the emulator was built. */
  public static boolean built() {
    return FILE != null;
  }

  /** The library's file; skips the test where it was not built. */
  public static Path file() {
    Assumptions.assumeTrue(FILE != null, "the emulator of CUDA was not built: no C++ compiler");
    return FILE;
  }

  /** A backend to compute with: emulated, or real if asked for. */
  public static CudaBackend open() {
    if (Boolean.getBoolean("swift.test.gpu")) {
      return CudaBackend.open(0);
    }
    control(Control.RESET, 0);
    // A real cuBLASLt of this machine must not meet the fake driver's addresses.
    return CudaBackend.open(DriverLibrary.at(file()), 0).cublas(false);
  }

  /** A provider of the fake driver's devices, as it is set up now. */
  static BackendProvider provider() {
    return new CudaProvider(() -> DriverLibrary.at(file()));
  }

  /** Tells or asks the fake driver. */
  public static long control(Control what, long value) {
    MethodHandle call = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(file(), Arena.global()).find("swift_fake").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    try {
      return (long) call.invokeExact(what.ordinal(), value);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Nothing was written beside any piece of device memory. */
  static void assertIntact() {
    if (!Boolean.getBoolean("swift.test.gpu")) {
      assertThat(control(Control.BROKEN, 0)).as("pieces of device memory with writes beside them").isZero();
    }
  }
}
