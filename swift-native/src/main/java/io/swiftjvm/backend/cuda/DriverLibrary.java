package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import io.swiftjvm.hub.Environment;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The driver as far as it can be used here: loaded, initialised and new enough; or why not, and the cure.
 *
 * @param driver null if there is none to use
 * @param devices how many there are, at least 1 with a driver
 */
record DriverLibrary(@Nullable Driver driver, int devices, String reason, String cure) {
  /** Names another library than the system's driver: for tests. */
  static final String PROPERTY = "swift.cuda.path";
  /** Stream-ordered memory came with 11.2; kernels are built for 12 and later. */
  private static final int OLDEST = 12_000;
  private static final String INSTALL = "Install NVIDIA's driver, or use cpu or auto.";

  static DriverLibrary find() {
    String path = System.getProperty(PROPERTY);
    return path == null ? named(systemName()) : at(Path.of(path));
  }

  static DriverLibrary at(Path file) {
    return load(() -> SymbolLookup.libraryLookup(file, Arena.global()), file.toString());
  }

  private static String systemName() {
    return System.getProperty("os.name").startsWith("Windows") ? "nvcuda.dll" : "libcuda.so.1";
  }

  static DriverLibrary named(String name) {
    return load(() -> SymbolLookup.libraryLookup(name, Arena.global()), name);
  }

  private interface Loader {
    SymbolLookup load();
  }

  private static DriverLibrary load(Loader loader, String name) {
    SymbolLookup symbols;
    try {
      symbols = loader.load();
    } catch (IllegalCallerException e) {
      return absent("native access is denied", "Start java with --enable-native-access=ALL-UNNAMED.");
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      return absent("no CUDA driver (" + name + " not found)", INSTALL);
    }
    try {
      return start(new Driver(symbols, name), name);
    } catch (DeviceException e) {
      return absent(String.valueOf(e.getMessage()), INSTALL);
    }
  }

  private static DriverLibrary start(Driver driver, String name) {
    int code = driver.init();
    if (code == Driver.NO_DEVICE) {
      return hidden();
    }
    if (code != Driver.SUCCESS) {
      return absent("the CUDA driver (" + name + ") does not start: " + driver.explain(code),
          "Look at nvidia-smi, restart after an update of the driver, or use cpu or auto.");
    }
    int version = driver.version();
    if (version < OLDEST) {
      return absent("the CUDA driver supports CUDA " + dotted(version) + ", " + dotted(OLDEST) + " or later is needed",
          "Update NVIDIA's driver, or use cpu or auto.");
    }
    int devices = driver.deviceCount();
    return devices > 0 ? new DriverLibrary(driver, devices, "driver for CUDA " + dotted(version), "")
        : hidden();
  }

  private static DriverLibrary hidden() {
    String visible = Environment.system().visibleGpus().map(list -> "; CUDA_VISIBLE_DEVICES is '" + list + "'").orElse("");
    return absent("a CUDA driver, but no device that it can use" + visible,
        "Look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use cpu or auto.");
  }

  private static String dotted(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static DriverLibrary absent(String reason, String cure) {
    return new DriverLibrary(null, 0, reason, cure);
  }
}
