package io.swiftjvm.parallel;

import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.InvalidPlanException;

/**
 * On how many devices a plan runs, and how.
 *
 * @param data copies of the model that see different rows, {@code world / (tensor * pipeline)}
 * @param tensor devices that share every layer
 * @param pipeline devices that have some layers each
 */
public record ParallelSpec(int data, int tensor, int pipeline) {
  /** One device. */
  public static final ParallelSpec SINGLE = new ParallelSpec(1, 1, 1);

  public ParallelSpec {
    if (data < 1 || tensor < 1 || pipeline < 1) {
      throw new InvalidPlanException("parallel: data is " + data + ", tensor " + tensor + ", pipeline " + pipeline
          + "; each must be 1 or more.");
    }
    if ((long) data * tensor * pipeline > 1) {
      throw new DeviceException("parallel: data " + data + " x tensor " + tensor + " x pipeline " + pipeline
          + " devices were asked for; there is one CPU device in this version. Set each to 1; one device uses all "
          + "cores.");
    }
  }
}
