package io.swiftjvm.tuner.method;

import io.swiftjvm.error.InvalidPlanException;

/**
 * A projection that an adapter may go on.
 *
 * @param path its module path
 * @param in columns of its input
 * @param out columns of its output
 */
public record Place(String path, int in, int out) {
  /** Refuses settings that do not fit the projection. */
  public void check(boolean legal, String what) {
    if (!legal) {
      throw new InvalidPlanException("The adapter does not fit " + path + " (" + in + " -> " + out + "): " + what
          + ". Change the settings or leave it out of the targets.");
    }
  }
}
