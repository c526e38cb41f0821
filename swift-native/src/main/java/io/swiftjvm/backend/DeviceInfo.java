package io.swiftjvm.backend;

import java.util.Locale;

/**
 * One device, or the reason why a kind of device cannot be used here.
 *
 * {@snippet :
 * DeviceInfo card = DeviceInfo.present("cuda", 0, "NVIDIA H200").memory(141L << 30, 140L << 30).capability("9.0");
 * DeviceInfo none = DeviceInfo.absent("cuda", "no CUDA driver (libcuda.so.1 not found)", "Install NVIDIA's driver.");
 * }
 *
 * @param kind the name to ask for: cuda, npu, mps, cpu, nd4j
 * @param index which of several, from 0; 0 for an absent kind
 * @param available true if {@link Devices#open} would succeed
 * @param reason what was found: the device's name, or why there is none
 * @param cure what to do about an absent device; empty for one that is there
 * @param memory bytes of memory, 0 if unknown
 * @param free bytes of memory that nobody uses now, 0 if unknown
 * @param capability the version of the device's instruction set ("9.0" for sm_90), empty if it has none
 * @param bandwidth bytes a second between the device and its memory, 0 if unknown
 */
public record DeviceInfo(
    String kind, int index, boolean available, String reason, String cure, long memory, long free, String capability,
    double bandwidth) {
  /** A device that is there; {@code name} says what it is. */
  public static DeviceInfo present(String kind, int index, String name) {
    return new DeviceInfo(kind, index, true, name, "", 0, 0, "", 0);
  }

  /** A kind that is not there, why, and what to do about it. */
  public static DeviceInfo absent(String kind, String reason, String cure) {
    return new DeviceInfo(kind, 0, false, reason, cure, 0, 0, "", 0);
  }

  /** Sets total and free bytes. */
  public DeviceInfo memory(long total, long freeBytes) {
    return new DeviceInfo(kind, index, available, reason, cure, total, freeBytes, capability, bandwidth);
  }

  /** Sets the version of the instruction set. */
  public DeviceInfo capability(String version) {
    return new DeviceInfo(kind, index, available, reason, cure, memory, free, version, bandwidth);
  }

  /** Sets bytes a second to and from memory. */
  public DeviceInfo bandwidth(double bytesPerSecond) {
    return new DeviceInfo(kind, index, available, reason, cure, memory, free, capability, bytesPerSecond);
  }

  /** The device's name as {@link Devices#open} takes it. */
  public Device device() {
    return new Device(kind, index);
  }

  /** One line: what it is, with the numbers that are known; or why not, and the cure. */
  public String summary() {
    if (!available) {
      return reason + ". " + cure;
    }
    StringBuilder line = new StringBuilder(reason);
    if (!capability.isEmpty()) {
      line.append(", compute capability ").append(capability);
    }
    if (memory > 0) {
      line.append(String.format(Locale.ROOT, ", %.1f GiB", memory / (double) (1L << 30)));
    }
    if (free > 0) {
      line.append(String.format(Locale.ROOT, ", %.1f GiB free", free / (double) (1L << 30)));
    }
    if (bandwidth > 0) {
      line.append(String.format(Locale.ROOT, ", %.0f GB/s", bandwidth / 1e9));
    }
    return line.toString();
  }
}
