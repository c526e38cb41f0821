package io.swiftjvm.hub.remote;

import java.time.Duration;

/**
 * How bytes are fetched.
 *
 * @param files files at a time
 * @param parts most ranged parts of one file at a time
 * @param partBytes least size of a part
 * @param attempts tries of a request that makes no progress before the download fails
 * @param restarts times that a file may be fetched anew because its bytes or its ETag were wrong
 * @param backOff wait after the first failure; doubled each time, with jitter
 * @param maxWait longest wait, also when the hub asks for a longer one
 * @param connect limit of a connection set-up
 * @param stall longest silence of the hub before the connection is given up
 * @param sleeper waits
 */
public record TransferSettings(
    int files, int parts, long partBytes, int attempts, int restarts, Duration backOff, Duration maxWait,
    Duration connect, Duration stall, Sleeper sleeper) {
  /**
   * 4 files, 4 parts of at least 16 MiB, 6 attempts, 6 restarts, waits from 0.5 s to 60 s, 15 s to connect, 60 s of
   * silence.
   */
  public static final TransferSettings DEFAULT = new TransferSettings(4, 4, 16L << 20, 6, 6, Duration.ofMillis(500),
      Duration.ofSeconds(60), Duration.ofSeconds(15), Duration.ofSeconds(60), Thread::sleep);

  /** Waits between attempts. */
  @FunctionalInterface
  public interface Sleeper {
    /** Waits for {@code time}. */
    void sleep(Duration time) throws InterruptedException;
  }

  public TransferSettings {
    if (files < 1 || parts < 1 || partBytes < 1 || attempts < 1 || restarts < 0) {
      throw new IllegalArgumentException("files, parts, partBytes and attempts must be >= 1 and restarts >= 0, got "
          + files + ", " + parts + ", " + partBytes + ", " + attempts + ", " + restarts);
    }
  }

  /** Sets files at a time and parts of a file. Default: 4 and 4. */
  public TransferSettings parallel(int files, int parts, long partBytes) {
    return new TransferSettings(files, parts, partBytes, attempts, restarts, backOff, maxWait, connect, stall, sleeper);
  }

  /** Sets tries without progress and restarts of a file. Default: 6 and 6. */
  public TransferSettings attempts(int attempts, int restarts) {
    return new TransferSettings(files, parts, partBytes, attempts, restarts, backOff, maxWait, connect, stall, sleeper);
  }

  /** Sets the longest silence. Default: 60 s. */
  public TransferSettings stall(Duration stall) {
    return new TransferSettings(files, parts, partBytes, attempts, restarts, backOff, maxWait, connect, stall, sleeper);
  }

  /** Sets what waits. Default: {@link Thread#sleep(Duration)}. */
  public TransferSettings sleeper(Sleeper sleeper) {
    return new TransferSettings(files, parts, partBytes, attempts, restarts, backOff, maxWait, connect, stall, sleeper);
  }
}
