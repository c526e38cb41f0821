package io.swiftjvm.train;

/**
 * Asks a training to stop: the step in progress is finished, the state saved, and the run returns as cancelled. May be
 * used from any thread and by several trainings.
 */
public final class CancellationToken {
  private volatile boolean cancelled;

  /** Asks for the stop; asking twice is harmless. */
  public void cancel() {
    cancelled = true;
  }

  public boolean isCancelled() {
    return cancelled;
  }
}
