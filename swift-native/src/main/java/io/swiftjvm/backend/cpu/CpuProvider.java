package io.swiftjvm.backend.cpu;

import com.sun.management.OperatingSystemMXBean;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import java.lang.management.ManagementFactory;
import java.util.List;

/** The host processor: always there. */
public final class CpuProvider implements BackendProvider {
  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public List<DeviceInfo> devices() {
    DeviceInfo cpu = DeviceInfo.present(
        kind(), 0, "the host processor, " + Runtime.getRuntime().availableProcessors() + " cores");
    return List.of(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? cpu.memory(system.getTotalMemorySize(), system.getFreeMemorySize()) : cpu);
  }

  @Override
  public Backend open(int index) {
    return new CpuBackend();
  }
}
