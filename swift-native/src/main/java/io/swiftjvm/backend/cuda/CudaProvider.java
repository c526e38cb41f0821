package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.error.DeviceException;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** NVIDIA GPUs that the system's driver offers. */
public final class CudaProvider implements BackendProvider {
  /** Kernels are built for these and later. */
  private static final int OLDEST_CAPABILITY = 8;

  private final Supplier<DriverLibrary> driver;

  /** The system's driver. */
  public CudaProvider() {
    this(DriverLibrary::find);
  }

  CudaProvider(Supplier<DriverLibrary> driver) {
    this.driver = driver;
  }

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public List<DeviceInfo> devices() {
    DriverLibrary library = this.driver.get();
    Driver driver = library.driver();
    if (driver == null) {
      return List.of(DeviceInfo.absent(kind(), library.reason(), library.cure()));
    }
    try {
      return IntStream.range(0, library.devices()).mapToObj(i -> info(driver, i)).toList();
    } catch (DeviceException e) {
      return List.of(DeviceInfo.absent(kind(), String.valueOf(e.getMessage()), "Look at nvidia-smi, or use cpu or auto."));
    }
  }

  private DeviceInfo info(Driver driver, int index) {
    int major = driver.attribute(index, Driver.CAPABILITY_MAJOR);
    String capability = major + "." + driver.attribute(index, Driver.CAPABILITY_MINOR);
    String name = driver.name(index);
    if (major < OLDEST_CAPABILITY) {
      return new DeviceInfo(kind(), index, false, name + " has compute capability " + capability + ", "
          + OLDEST_CAPABILITY + ".0 or later is needed", "Use a newer GPU, or cpu or auto.", 0, 0, capability, 0);
    }
    // Two transfers a clock, the memory clock in kHz; newer drivers no longer tell the clock.
    double bandwidth = 2e3 * driver.attribute(index, Driver.MEMORY_CLOCK_KHZ)
        * (driver.attribute(index, Driver.MEMORY_BUS_BITS) / 8.0);
    return DeviceInfo.present(kind(), index, name).memory(driver.totalMemory(index), free(driver, index)).capability(capability)
        .bandwidth(bandwidth);
  }

  /** The driver tells it to a context only; 0 if it makes none. */
  private static long free(Driver driver, int index) {
    try {
      long context = driver.retainContext(index);
      try {
        driver.enter(context);
        return driver.freeMemory();
      } finally {
        driver.releaseContext(index);
      }
    } catch (DeviceException e) {
      return 0;
    }
  }

  @Override
  public Backend open(int index) {
    return CudaBackend.open(driver.get(), index);
  }
}
