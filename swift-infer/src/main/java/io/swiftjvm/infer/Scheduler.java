package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching: the sequences of all callers share passes, each step admitting those that wait and letting go
 * those that are done. One thread works, callers take what it makes from a {@link Generation}.
 *
 * {@snippet :
 * try (var scheduler = new Scheduler(engine, SchedulerOptions.DEFAULT)) {
 *   List<Completion> answers = scheduler.submit(List.of(request)).await();
 * }
 * }
 *
 * <p>Thread-safe. An answer is the one that {@link Engine#generate} gives, whatever runs beside it; the engine may be
 * used meanwhile. While there is work the model's tree may only change by {@link Engine#betweenPasses}. Owns
 * neither engine nor model.
 */
public final class Scheduler implements AutoCloseable {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  /** Whoever takes nothing for so long gives its place to those that wait. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Engine engine;
  private final SchedulerOptions options;
  private final int slots;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Speaker> waiting = new ArrayDeque<>();
  private final Thread worker;
  private final List<Sequence> ready = new ArrayList<>();
  private boolean closed;
  private volatile boolean forget;
  private volatile int running;
  private volatile double cacheUsage;

  /** Starts the thread that works. */
  public Scheduler(Engine engine, SchedulerOptions options) {
    this.engine = engine;
    this.options = options;
    this.slots = engine.options().maxSequences();
    this.worker = Thread.ofPlatform().daemon().name("swift-scheduler").start(this::work);
  }

  /**
   * Queues one answer to each request.
   *
   * @throws InvalidPlanException if a prompt, a setting or an adapter does not fit the model; nothing was queued then
   * @throws OverloadedException if too many calls wait already
   * @throws IllegalStateException if the scheduler is closed
   */
  public Generation submit(List<GenerateRequest> requests) {
    List<StringBuilder> texts = IntStream.range(0, requests.size()).mapToObj(i -> new StringBuilder()).toList();
    List<Sequence> sequences = Requests.prepare(engine, requests, (index, piece) -> texts.get(index).append(piece));
    Generation generation = new Generation(sequences.size(), options.buffer(), this::wake);
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the scheduler is closed");
      }
      long calls = waiting.stream().filter(s -> s.ready() && !s.started()).map(Speaker::generation).distinct().count();
      if (calls >= options.queue() + (long) Math.max(0, slots - running)) {
        throw new OverloadedException("There are " + calls + " requests waiting already; at most " + options.queue()
            + " may. Try again later.");
      }
      sequences.forEach(s -> waiting.add(new Speaker(generation, s, texts.get(s.index()))));
      changed.signal();
    } finally {
      lock.unlock();
    }
    return generation;
  }

  /**
   * Compiles a grammar, so that requests with it need not wait for that.
   *
   * @throws InvalidPlanException if it cannot be used
   */
  public void check(Grammar grammar) {
    engine.check(grammar);
  }

  /** Sequences that have a place. */
  public int running() {
    return running;
  }

  /** Sequences that wait for a place. */
  public int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /** Share of the cache's blocks that sequences use, 0 .. 1. */
  public double cacheUsage() {
    return cacheUsage;
  }

  /** What the engine did so far. */
  public EngineCounters counters() {
    return engine.counters();
  }

  /** Forgets what prompts share, for instance after the weights were changed; takes effect before the next step. */
  public void forgetPrefixes() {
    forget = true;
  }

  /** Cancels what there is and waits for the thread. Closing twice is harmless. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    List<Speaker> speakers = new ArrayList<>();
    boolean more = true;
    while (more) {
      boolean opened = false;
      try (Batch batch = new Batch(engine, slots)) {
        opened = true;
        do {
          more = admit(batch, speakers);
          if (forget) {
            forget = false;
            batch.forget();
          }
          step(batch, speakers);
          release(batch, speakers);
        } while (more);
      } catch (InterruptedException | RuntimeException | Error e) {
        // a pass that failed leaves a cache that nothing can be said about: start over with an empty one
        SwiftException told = e instanceof SwiftException s ? s
            : new SwiftException(opened ? "A forward pass failed." : "No cache could be made for answers.", e);
        speakers.forEach(s -> s.generation().fail(told));
        speakers.clear();
        if (!opened) {
          more = refuse(told);
        }
      }
      running = speakers.size();
    }
  }

  /** Without a cache nobody gets a place: tells those that wait, and waits for others; false when none will come any more. */
  private boolean refuse(SwiftException told) {
    lock.lock();
    try {
      waiting.forEach(s -> s.generation().fail(told));
      waiting.removeIf(Scheduler::gone);
      while (waiting.isEmpty() && !closed) {
        changed.awaitUninterruptibly();
      }
      if (closed) {
        waiting.forEach(s -> s.generation().cancel());
        waiting.removeIf(Scheduler::gone);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is something to do; false when nothing will come any more. */
  private boolean admit(Batch batch, List<Speaker> speakers) throws InterruptedException {
    lock.lock();
    try {
      while (true) {
        if (closed) {
          waiting.forEach(s -> s.generation().cancel());
        }
        if (!waiting.isEmpty()) {
          waiting.removeIf(Scheduler::gone);
          fill(batch, speakers);
          waiting.removeIf(this::late);
        }
        running = speakers.size();
        if (closed) {
          speakers.forEach(s -> s.generation().cancel());
          return false;
        }
        for (Speaker speaker : speakers) {
          if (speaker.ready()) {
            return true;
          }
        }
        if (speakers.isEmpty()) {
          changed.await();
        } else {
          changed.awaitNanos(PAUSE_NANOS);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives places to those that wait, in their order, also those of others whose callers take nothing. */
  private void fill(Batch batch, List<Speaker> speakers) {
    List<Speaker> parked = new ArrayList<>();
    boolean admitted = true;
    for (Iterator<Speaker> all = waiting.iterator(); admitted && all.hasNext();) {
      Speaker next = all.next();
      if (next.ready()) {
        admitted = batch.admit(next.sequence());
        while (!admitted && park(batch, speakers, parked)) {
          admitted = batch.admit(next.sequence());
        }
        if (admitted) {
          all.remove();
          next.start();
          speakers.add(next);
        }
      }
    }
    waiting.addAll(parked);
  }

  /** Takes a place from somebody who does not use it; it is worked on again when its caller comes back. */
  private static boolean park(Batch batch, List<Speaker> speakers, List<Speaker> parked) {
    Speaker idle = speakers.stream().filter(s -> s.idle() > PATIENCE_NANOS).findFirst().orElse(null);
    if (idle != null) {
      batch.preempt(idle.sequence());
      speakers.remove(idle);
      parked.add(idle);
    }
    return idle != null;
  }

  /** True if a speaker that waits shall wait no longer. */
  private static boolean gone(Speaker speaker) {
    if (speaker.generation().cancelled()) {
      speaker.cancel();
      speaker.end();
      return true;
    }
    return false;
  }

  /** {@link #gone}, or there is still no place; it is told. A call that has begun waits as long as it takes. */
  private boolean late(Speaker speaker) {
    Generation generation = speaker.generation();
    if (!generation.cancelled() && !generation.started() && speaker.waited() > options.queueWait().toNanos()) {
      generation.fail(
          new OverloadedException("No place became free within " + options.queueWait() + ". Try again later."));
    }
    return gone(speaker);
  }

  private void step(Batch batch, List<Speaker> speakers) throws InterruptedException {
    ready.clear();
    for (Speaker speaker : speakers) {
      if (speaker.generation().cancelled()) {
        speaker.cancel();
      }
      if (!speaker.finished() && speaker.ready()) {
        ready.add(speaker.sequence());
      }
    }
    List<Sequence> dropped =
        batch.step(ready, () -> true, (sequence, row) -> advance(speaker(speakers, sequence), row));
    lock.lock();
    try {
      for (Sequence sequence : dropped) {
        Speaker speaker = speaker(speakers, sequence);
        speakers.remove(speaker);
        waiting.addFirst(speaker);
      }
    } finally {
      lock.unlock();
    }
  }

  private static Speaker speaker(List<Speaker> speakers, Sequence sequence) {
    for (Speaker speaker : speakers) {
      if (speaker.sequence() == sequence) {
        return speaker;
      }
    }
    throw new IllegalStateException("a sequence of nobody");
  }

  /** A sequence that cannot go on, for instance because its constraints forbid every token, ends alone. */
  private static void advance(Speaker speaker, Steps.Row row) {
    try {
      speaker.advance(row);
    } catch (RuntimeException e) {
      speaker.generation().fail(e);
      speaker.cancel();
    }
  }

  private void release(Batch batch, List<Speaker> speakers) {
    List<Speaker> done = List.of();
    for (int i = 0; i < speakers.size(); i++) {
      if (speakers.get(i).finished()) {
        done = done.isEmpty() ? new ArrayList<>() : done;
        done.add(speakers.get(i));
        batch.leave(speakers.get(i).sequence());
      }
    }
    if (!done.isEmpty()) {
      speakers.removeAll(done);
    }
    running = speakers.size();
    cacheUsage = batch.usage();
    done.forEach(Speaker::end);
  }
}
