package io.swiftjvm.cli;

import io.swiftjvm.error.InvalidPlanException;

/**
 * A command of ms-swift that this version does not have: refused with what to use instead.
 *
 * @param name the command
 * @param instead what is missing and what to use
 */
record MissingCommand(String name, String instead) implements Command {
  @Override
  public String summary() {
    return "(not in this version: " + instead + ")";
  }

  @Override
  public int run(Call call) {
    throw new InvalidPlanException("swift " + name + " is not in this version: " + instead + ".");
  }
}
