package io.swiftjvm.backend.cpu;

import java.util.ArrayDeque;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Helper threads for kernels, shared by all backends of the process. The caller always works too and can finish alone,
 * so that two trainings never wait for each other. Helpers that have just worked look out for the next kernel for a
 * while and get it without a lock; after that they sleep, and after some idle seconds they end. All are daemons.
 *
 * <p>Where other work keeps the processors busy, a helper may be off its processor while the caller waits for its part:
 * after that has happened, small kernels are done alone for some time. Where no further thread can be started, work is done by
 * those that there are.
 */
final class KernelPool {
  private static final KernelPool SHARED = new KernelPool(2_000_000_000L);
  /** Longer than from one pass of a decoding model to the next: a sleeping helper comes too late for small kernels. */
  private static final long LOOK_OUT_NANOS = 200_000;
  private static final long SHORT_LOOK_NANOS = 20_000;
  private static final long SPIN_NANOS = 40_000;
  /** Estimated nanoseconds of a kernel that a second thread pays for, if one looks out or if it must be woken. */
  private static final double WORTH_AWAKE = 8_000;
  private static final double WORTH_ASLEEP = 40_000;
  /** The same while helpers come late, and how long that is taken to last. */
  private static final double WORTH_LATE = 100_000;
  private static final long SHORTEST_PAUSE = 2_000_000;
  private static final long LONGEST_PAUSE = 1_000_000_000;

  private final long idleNanos;
  private final ThreadFactory factory;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final ArrayDeque<Job> tickets = new ArrayDeque<>();
  private final AtomicInteger lookouts = new AtomicInteger();
  /** A job that is done, for the next call: a kernel shall cost nothing of the heap. */
  private final AtomicReference<@Nullable Job> spare = new AtomicReference<>();
  private volatile @Nullable Job latest;
  private volatile int waiting;
  private volatile long pausedUntil = System.nanoTime();
  private volatile long pause = SHORTEST_PAUSE;
  private int threads;
  private int idle;
  private long fullUntil = System.nanoTime();

  KernelPool(long idleNanos) {
    this(idleNanos, KernelPool::helper);
  }

  /** One whose helpers are made by {@code factory}. */
  KernelPool(long idleNanos, ThreadFactory factory) {
    this.idleNanos = idleNanos;
    this.factory = factory;
  }

  private static Thread helper(Runnable work) {
    Thread thread = new Thread(null, work, "swift-kernel", 512 * 1024, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    return thread;
  }

  /** The pool of this process. */
  static KernelPool shared() {
    return SHARED;
  }

  /** Work on the items {@code [from, to)}. */
  @FunctionalInterface
  interface Range {
    void run(long from, long to);
  }

  /** True if a kernel of so many nanoseconds is done sooner with help. */
  boolean pays(double nanos) {
    return nanos >= WORTH_LATE
        || (nanos >= (lookouts.get() > 0 ? WORTH_AWAKE : WORTH_ASLEEP) && !paused(System.nanoTime()));
  }

  private boolean paused(long now) {
    return pausedUntil - now > 0;
  }

  /** False while helpers come late, as other work keeps the processors busy. */
  boolean inTime() {
    return !paused(System.nanoTime());
  }

  /** Learns from what the caller did itself and how long it then waited. */
  void learn(long worked, long waited) {
    if (waited > SPIN_NANOS && waited > worked) {
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      pausedUntil = System.nanoTime() + pause;
    } else if (pause > SHORTEST_PAUSE && !paused(System.nanoTime())) {
      pause = Math.max(SHORTEST_PAUSE, pause - pause / 16);
    }
  }

  /** Runs {@code body} over {@code [0, n)} in chunks on at most {@code width} threads, the caller among them. */
  void run(int width, long n, long chunk, Range body) {
    if (n <= 0) {
      return;
    }
    long chunks = (n + chunk - 1) / chunk;
    if (width <= 1 || chunks <= 1) {
      body.run(0, n);
      return;
    }
    int helpers = (int) Math.min(width - 1, chunks - 1);
    Job last = spare.getAndSet(null);
    Job job = last != null && last.empty() ? last : new Job();
    job.begin(body, n, chunk, helpers);
    latest = job;
    int missing = helpers - lookouts.get();
    if (missing > 0) {
      call(job, missing, helpers);
    }
    try {
      long start = System.nanoTime();
      job.work();
      long middle = System.nanoTime();
      job.await();
      learn(middle - start, System.nanoTime() - middle);
    } finally {
      if (latest == job) {
        latest = null;
      }
      job.end();
      spare.set(job);
    }
  }

  /** Live helper threads. */
  int threads() {
    lock.lock();
    try {
      return threads;
    } finally {
      lock.unlock();
    }
  }

  /** Wakes or starts helpers for the places that those who look out leave; there are at most {@code all} of them. */
  private void call(Job job, int helpers, int all) {
    lock.lock();
    try {
      for (int i = 0; i < helpers; i++) {
        tickets.add(job);
      }
      waiting = tickets.size();
      for (int i = idle; i < tickets.size() && threads < all; i++) {
        if (!start()) {
          // what no thread will take would stay here
          while (tickets.size() > threads) {
            tickets.removeLast();
          }
          waiting = tickets.size();
          break;
        }
      }
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Starts a helper; false if the system has no room for one: it is not asked again for some time, as that is slow. */
  private boolean start() {
    if (System.nanoTime() - fullUntil < 0) {
      return false;
    }
    try {
      factory.newThread(this::serve).start();
      threads++;
      return true;
    } catch (OutOfMemoryError e) {
      // The virtual machine has logged it, and a kernel is as right with fewer threads.
      fullUntil = System.nanoTime() + LONGEST_PAUSE;
      return false;
    }
  }

  private void serve() {
    while (true) {
      Job job = next();
      if (job == null) {
        return;
      }
      // The place may have gone to a helper that looked out meanwhile.
      job = job.claim() ? job : lookOut();
      while (job != null) {
        job.help();
        job = lookOut();
      }
    }
  }

  /** A job that comes soon, or null. */
  private @Nullable Job lookOut() {
    lookouts.incrementAndGet();
    long now = System.nanoTime();
    long until = now + (paused(now) ? SHORT_LOOK_NANOS : LOOK_OUT_NANOS);
    Job job = claimed();
    while (job == null && waiting == 0 && System.nanoTime() < until) {
      for (int i = 0; i < 16 && job == null; i++) {
        Thread.onSpinWait();
        job = claimed();
      }
    }
    lookouts.decrementAndGet();
    // Who saw this helper look out may have counted on it just now.
    return job == null ? claimed() : job;
  }

  private @Nullable Job claimed() {
    Job job = latest;
    return job != null && job.claim() ? job : null;
  }

  private @Nullable Job next() {
    lock.lock();
    try {
      long left = idleNanos;
      idle++;
      try {
        while (tickets.isEmpty()) {
          if (left <= 0) {
            threads--;
            return null;
          }
          left = work.awaitNanos(left);
        }
      } catch (InterruptedException e) {
        threads--;
        return null;
      } finally {
        idle--;
      }
      Job job = tickets.poll();
      waiting = tickets.size();
      return job;
    } finally {
      lock.unlock();
    }
  }

  /** One kernel call, and later others: threads draw chunks until none are left. */
  private static final class Job {
    private static final Range NOTHING = (from, to) -> {};

    private final AtomicInteger places = new AtomicInteger();
    private final AtomicInteger gone = new AtomicInteger();
    private final AtomicLong drawn = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private Range body = NOTHING;
    private long n;
    private long chunk;
    private int helpers;
    private @Nullable Thread caller;
    private volatile @Nullable Throwable failure;

    /** A call of this thread. Who claims a place sees all of it, for places are given last. */
    void begin(Range newBody, long newN, long newChunk, int newHelpers) {
      body = newBody;
      n = newN;
      chunk = newChunk;
      helpers = newHelpers;
      caller = Thread.currentThread();
      drawn.set(0);
      done.set(0);
      gone.set(0);
      failure = null;
      places.set(newHelpers);
    }

    /** No more helpers come in. */
    void end() {
      helpers -= Math.max(0, places.getAndSet(0));
      body = NOTHING;
      caller = null;
    }

    /** True if every helper that came in has left: one that was late must not meet another call. */
    boolean empty() {
      return gone.get() == helpers;
    }

    void help() {
      work();
      gone.incrementAndGet();
    }

    /** Takes a helper's place, once for each that is wanted. */
    boolean claim() {
      return places.get() > 0 && places.getAndDecrement() > 0;
    }

    void work() {
      while (true) {
        long from = drawn.getAndAdd(chunk);
        if (from >= n) {
          return;
        }
        long to = Math.min(n, from + chunk);
        try {
          if (failure == null) {
            body.run(from, to);
          }
        } catch (Throwable t) {
          failure = t;
        }
        if (done.addAndGet(to - from) == n && Thread.currentThread() != caller) {
          LockSupport.unpark(caller);
        }
      }
    }

    void await() {
      long until = System.nanoTime() + SPIN_NANOS;
      boolean interrupted = false;
      while (done.get() < n) {
        if (System.nanoTime() < until) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(1));
          interrupted |= Thread.interrupted();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      Throwable t = failure;
      if (t instanceof RuntimeException e) {
        throw e;
      }
      if (t instanceof Error e) {
        throw e;
      }
    }
  }
}
