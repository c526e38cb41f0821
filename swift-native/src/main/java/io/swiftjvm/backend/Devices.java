package io.swiftjvm.backend;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.DeviceException;
import java.util.List;

/**
 * Opens devices. Every call makes a backend of its own, to be closed by the caller.
 *
 * {@snippet :
 * try (Backend backend = Devices.auto()) {
 *   System.out.println(backend.description());
 * }
 * }
 */
public final class Devices {
  private static final List<String> KINDS = List.of("cuda", "npu", "mps", "cpu");

  private Devices() {}

  /** The host processor with all its cores, or {@code SWIFT_THREADS} of them. */
  public static Backend cpu() {
    return new CpuBackend();
  }

  /**
   * The host processor.
   *
   * @param threads most threads a kernel may use, 1 or more
   */
  public static Backend cpu(int threads) {
    return new CpuBackend(threads);
  }

  /** The first available of cuda, npu, mps, cpu; {@link #report} says why others were skipped. */
  public static Backend auto() {
    return open(report().stream().filter(DeviceInfo::available).map(DeviceInfo::kind).findFirst().orElse("cpu"));
  }

  /**
   * A device by name.
   *
   * @param name auto, cuda, npu, mps or cpu
   * @throws DeviceException if it is not there
   */
  public static Backend open(String name) {
    return switch (name) {
      case "auto" -> auto();
      case "cpu" -> cpu();
      default -> throw new DeviceException(KINDS.contains(name)
          ? "Device '" + name + "' was asked for, but this version computes on the cpu only. Use 'cpu' or 'auto'."
          : "Device '" + name + "' was asked for, known are auto, " + String.join(", ", KINDS) + ". Use one of them.");
    };
  }

  /** Every kind of device in the order in which {@link #auto} tries them. */
  public static List<DeviceInfo> report() {
    return KINDS.stream().map(kind -> kind.equals("cpu")
        ? new DeviceInfo(kind, true, "the host processor, " + Runtime.getRuntime().availableProcessors() + " cores")
        : new DeviceInfo(kind, false, "this version has no kernels for it")).toList();
  }
}
