package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import java.util.List;
import java.util.stream.Stream;

/**
 * The devices that oracle tests compute on. {@code -Dswift.test.devices=cuda} runs the same tests on that device
 * instead of those that are on every machine.
 */
public final class TestDevices {
  private static final RemoteProvider REMOTE = new RemoteProvider();

  private TestDevices() {}

  /** Devices beside the cpu. */
  public static List<String> others() {
    String asked = System.getProperty("swift.test.devices");
    return asked == null ? List.of(REMOTE.kind()) : List.of(asked.split(","));
  }

  /** The cpu and the others. */
  public static Stream<String> all() {
    return Stream.concat(Stream.of("cpu"), others().stream());
  }

  public static Backend open(String name) {
    return name.equals("cpu") ? Devices.cpu(2) : Devices.open(name);
  }
}
