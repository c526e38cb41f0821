package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cuda.CudaBackend;
import io.swiftjvm.backend.cuda.FakeCuda;
import java.util.List;
import java.util.Optional;
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

  /** Devices beside the cpu that compute by simpler operations or by emulation: whole runs of every model on them are heavy. */
  public static List<String> slow() {
    if (asked() != null) {
      return List.of();
    }
    return Stream.of(Optional.of("nd4j"), Optional.of(AscendSimulator.KIND).filter(_ -> AscendSimulator.present()),
        Optional.of(EmulatedCudaProvider.KIND).filter(_ -> FakeCuda.built())).flatMap(Optional::stream).toList();
  }

  /** Devices on which every test can run every time. */
  public static Stream<String> fast() {
    String asked = asked();
    return asked == null ? Stream.of("cpu", REMOTE.kind()) : Stream.of(asked.split(","));
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
