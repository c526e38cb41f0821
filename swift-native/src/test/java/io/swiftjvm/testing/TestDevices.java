package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cuda.CudaBackend;
import io.swiftjvm.backend.cuda.FakeCuda;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The devices that oracle tests compute on. {@code -Dswift.test.devices=cuda} runs the same tests on that device
 * instead of those that are on every machine.
 */
public final class TestDevices {
  private static final RemoteProvider REMOTE = new RemoteProvider();

  static {
    QuietLogs.on();
  }

  private TestDevices() {}

  /** Devices beside the cpu that compute by simpler operations: whole runs of every model on them are heavy. */
  public static List<String> slow() {
    if (asked() != null) {
      return List.of();
    }
    return AscendSimulator.present() ? List.of("nd4j", AscendSimulator.KIND) : List.of("nd4j");
  }

  /** Devices on which every test can run every time. */
  public static Stream<String> fast() {
    String asked = asked();
    if (asked != null) {
      return Stream.of(asked.split(","));
    }
    return FakeCuda.built() ? Stream.of("cpu", REMOTE.kind(), EmulatedCudaProvider.KIND)
        : Stream.of("cpu", REMOTE.kind());
  }

  /** All of them. */
  public static Stream<String> all() {
    return Stream.concat(fast(), slow().stream());
  }

  private static @Nullable String asked() {
    return System.getProperty("swift.test.devices");
  }

  /** A device, set to the arithmetic of the golden files: float32 whatever the weights. */
  public static Backend open(String name) {
    Backend backend = name.equals("cpu") ? Devices.cpu(2) : Devices.open(name);
    return backend instanceof CudaBackend cuda ? cuda.exact(true) : backend;
  }
}
