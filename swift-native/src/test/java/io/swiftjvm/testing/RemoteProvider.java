package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.RemoteBackend;
import java.util.List;

/** Makes {@link RemoteBackend} a device that plans can name. */
public final class RemoteProvider implements BackendProvider {
  @Override
  public String kind() {
    return "remote";
  }

  @Override
  public List<DeviceInfo> devices() {
    return List.of(DeviceInfo.present(kind(), 0, "the cpu behind a wall"));
  }

  @Override
  public Backend open(int index) {
    return RemoteBackend.over(Devices.cpu(2));
  }
}
