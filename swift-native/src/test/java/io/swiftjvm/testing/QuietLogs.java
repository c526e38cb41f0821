package io.swiftjvm.testing;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps the thousands of fallbacks that tests bring about out of their output. */
public final class QuietLogs {
  /** Loggers are forgotten, with their level, when nobody holds them. */
  private static final Logger HELD = Logger.getLogger("io.swiftjvm.backend.Fallbacks");

  private QuietLogs() {}

  /** From now on. */
  public static void on() {
    HELD.setLevel(Level.WARNING);
  }
}
