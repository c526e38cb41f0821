package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Tries again after failures that may pass: waits grow exponentially with jitter, and honour Retry-After. */
final class Retry {
  private static final int MAX_DOUBLINGS = 20;
  // A hub that drips a byte an attempt must not go on for ever.
  private static final int LEAST_PROGRESS = 4096;

  private final TransferSettings settings;
  private final DownloadListener listener;

  Retry(TransferSettings settings, DownloadListener listener) {
    this.settings = settings;
    this.listener = listener;
  }

  /** Something that may fail. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  /** {@code attempt}'s result; {@link HubException} after too many failures in a row. */
  <T> T call(String what, Attempt<T> attempt) throws IOException, InterruptedException {
    return call(what, () -> 0, attempt);
  }

  /** As {@link #call(String, Attempt)}; failures count from the last growth of {@code progress}. */
  <T> T call(String what, LongSupplier progress, Attempt<T> attempt) throws IOException, InterruptedException {
    int failures = 0;
    long reached = progress.getAsLong();
    while (true) {
      try {
        return attempt.run();
      } catch (RestartException e) {
        throw e;
      } catch (IOException e) {
        interruptedInstead(e);
        long now = progress.getAsLong();
        failures = now - reached >= LEAST_PROGRESS ? 1 : failures + 1;
        reached = now;
        if (failures >= settings.attempts()) {
          throw given(what, failures, e);
        }
        pause(what, failures, e);
      }
    }
  }

  private static HubException given(String what, int failures, IOException e) {
    HubException.Reason reason = e instanceof RetryableException r ? r.reason() : HubException.Reason.UNREACHABLE;
    return new HubException(reason, "Cannot fetch " + what + ": tried " + failures + " times, the last answer was: "
        + Shown.of(reason(e)) + ". Check the network or proxy, set a mirror with HF_ENDPOINT or MODELSCOPE_ENDPOINT, or"
        + " call again later: what has come is kept and continued.", e);
  }

  /** Waits before try {@code failures + 1}. */
  void pause(String what, int failures, IOException cause) throws InterruptedException {
    Duration asked = cause instanceof RetryableException e ? e.retryAfter() : Duration.ZERO;
    long ceiling = Math.min(settings.maxWait().toMillis(),
        settings.backOff().toMillis() << Math.min(failures - 1, MAX_DOUBLINGS));
    // Half of the wait is random, so that many clients do not come back together.
    Duration own = Duration.ofMillis(ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2 + 1));
    Duration wait = asked.compareTo(own) > 0 ? asked : own;
    wait = wait.compareTo(settings.maxWait()) > 0 ? settings.maxWait() : wait;
    listener.onEvent(new DownloadEvent.Retried(what, failures, wait, Shown.of(reason(cause))));
    settings.sleeper().sleep(wait);
  }

  // A channel or stream that an interrupt closed reports an IOException.
  private static void interruptedInstead(IOException e) throws InterruptedException {
    if (Thread.interrupted()) {
      InterruptedException stop = new InterruptedException("interrupted while downloading");
      stop.initCause(e);
      throw stop;
    }
  }

  private static String reason(IOException e) {
    String own = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String cause = e.getCause() == null ? null : e.getCause().getMessage();
    // The HTTP client says "closed" and leaves the reason to the cause.
    return cause == null || own.contains(cause) ? own : own + ", " + cause;
  }
}
