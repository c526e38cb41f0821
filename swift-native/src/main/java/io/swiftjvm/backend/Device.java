package io.swiftjvm.backend;

/**
 * A place that computes: {@code cpu}, {@code cuda:0}.
 *
 * @param kind the backend's name: cpu, cuda, npu, mps
 * @param index which of several, from 0
 */
public record Device(String kind, int index) {
  /** The host processor. */
  public static final Device CPU = new Device("cpu", 0);

  public Device {
    if (index < 0) {
      throw new IllegalArgumentException("device index must be >= 0, got " + index);
    }
  }

  @Override
  public String toString() {
    return kind.equals("cpu") ? kind : kind + ":" + index;
  }
}
