package io.swiftjvm.infer;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The answers of one call to a {@link Scheduler}, taken as they are made. Whoever does not take them makes this call
 * pause, no other.
 *
 * {@snippet :
 * Generation answers = scheduler.submit(List.of(request));
 * while (!answers.finished()) {
 *   if (answers.next(Duration.ofSeconds(1)) instanceof Generation.Piece piece) { show(piece.text()); }
 * }
 * }
 *
 * <p>Thread-safe; one thread takes, any thread may cancel.
 */
public final class Generation {
  /** What happened to one of the answers. */
  public sealed interface Event {
    /** Index of the request in the call. */
    int index();
  }

  /**
   * More of an answer.
   *
   * @param text may be empty while tokens lack bytes or could become a stop text
   * @param logprobs of the tokens since the last piece, where they were asked for
   */
  public record Piece(int index, String text, List<TokenLogprob> logprobs) implements Event {}

  /** An answer is complete; its last event. */
  public record Done(int index, Completion completion, Times times) implements Event {}

  /**
   * How long one answer took, in nanoseconds of a monotonic clock.
   *
   * @param queue from the call until it got a place
   * @param prefill from there to the first token
   * @param decode from there to the last token
   */
  public record Times(long queue, long prefill, long decode) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Event> events = new ArrayDeque<>();
  private final int buffer;
  private final Runnable wake;
  private int open;
  private volatile boolean cancelled;
  private volatile boolean full;
  private volatile long fullSince;
  private volatile boolean started;
  private @Nullable RuntimeException failure;

  Generation(int answers, int buffer, Runnable wake) {
    this.open = answers;
    this.buffer = buffer;
    this.wake = wake;
  }

  /**
   * The next event, or null if none came in time or all were taken.
   *
   * @throws OverloadedException if the call waited too long for a place
   * @throws io.swiftjvm.error.SwiftException if an answer cannot be made; the others are cancelled
   */
  public @Nullable Event next(Duration timeout) throws InterruptedException {
    boolean resumed;
    Event event;
    lock.lockInterruptibly();
    try {
      long left = timeout.toNanos();
      while (events.isEmpty() && failure == null && open > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (failure != null) {
        throw failure;
      }
      event = events.poll();
      // not at the first place: one event at a time would mean one pass at a time
      resumed = full && events.size() <= buffer / 2;
      if (resumed) {
        full = false;
      }
    } finally {
      lock.unlock();
    }
    if (resumed) {
      wake.run();
    }
    return event;
  }

  /** Waits for all answers and returns them in the order of the requests; pieces are passed over. */
  public List<Completion> await() throws InterruptedException {
    List<Done> done = new ArrayList<>();
    while (!finished()) {
      if (next(Duration.ofHours(1)) instanceof Done last) {
        done.add(last);
      }
    }
    return done.stream().sorted((a, b) -> Integer.compare(a.index, b.index)).map(Done::completion).toList();
  }

  /** True when every answer is complete and taken. */
  public boolean finished() {
    lock.lock();
    try {
      return open == 0 && events.isEmpty() && failure == null;
    } finally {
      lock.unlock();
    }
  }

  /** True once one of the answers has its place; before that they all wait. */
  public boolean started() {
    return started;
  }

  /** Ends all answers within one step, with what there is. Cancelling twice is harmless. */
  public void cancel() {
    cancelled = true;
    wake.run();
  }

  boolean cancelled() {
    return cancelled;
  }

  void start() {
    started = true;
  }

  /** True while so much waits to be taken that no more may be made. */
  boolean full() {
    return full;
  }

  /** Nanoseconds for which nobody has taken enough, 0 while more may be made. */
  long idle() {
    return full ? System.nanoTime() - fullSince : 0;
  }

  void offer(Event event) {
    lock.lock();
    try {
      events.add(event);
      open -= event instanceof Done ? 1 : 0;
      if (!full && events.size() >= buffer) {
        fullSince = System.nanoTime();
        full = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void fail(RuntimeException cause) {
    lock.lock();
    try {
      failure = failure == null ? cause : failure;
      cancelled = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
