package io.swiftjvm.backend.nd4j;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.error.DeviceException;
import java.util.List;

/** {@code nd4j}: whatever ND4J finds on the class path; only by name, for our own kernels are faster everywhere. */
public final class Nd4jProvider implements BackendProvider {
  private static final String CURE = "Add org.nd4j:nd4j-native:1.0.0-M2.1 and the same with the classifier of your "
      + "platform (linux-x86_64) to the class path.";

  @Override
  public String kind() {
    return "nd4j";
  }

  @Override
  public List<DeviceInfo> devices() {
    try {
      Class.forName("org.nd4j.linalg.factory.Nd4j", false, Nd4jProvider.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return List.of(DeviceInfo.absent(kind(), "ND4J is not on the class path", CURE));
    }
    try {
      return List.of(DeviceInfo.present(kind(), 0, Nd4jBackend.found()));
    } catch (RuntimeException | LinkageError e) {
      return List.of(DeviceInfo.absent(kind(), "ND4J is on the class path but does not start: " + root(e), CURE));
    }
  }

  private static Throwable root(Throwable t) {
    return t.getCause() == null ? t : root(t.getCause());
  }

  @Override
  public Backend open(int index) {
    DeviceInfo info = devices().getFirst();
    if (!info.available()) {
      throw new DeviceException("Device 'nd4j' was asked for, but " + info.summary());
    }
    return new Nd4jBackend();
  }
}
