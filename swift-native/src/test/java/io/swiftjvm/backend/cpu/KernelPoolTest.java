package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Helpers that are handed work with and without a lock; {@link ThreadsTest} has what kernels make of it. */
@Timeout(60)
class KernelPoolTest {
  private static long sum(KernelPool pool, int width, int n) {
    AtomicLong sum = new AtomicLong();
    pool.run(width, n, 1, (from, to) -> {
      for (long i = from; i < to; i++) {
        sum.addAndGet(i);
      }
    });
    return sum.get();
  }

  @Test
  void a_wider_kernel_behind_a_narrow_one_gets_all_its_helpers() {
    KernelPool pool = new KernelPool(5_000_000_000L);
    sum(pool, 2, 50);
    assertThat(pool.threads()).isOne();
    sum(pool, 6, 50);
    // Who looks out is counted on, whoever is missing is started.
    while (pool.threads() < 5) {
      assertThat(sum(pool, 6, 50)).isEqualTo(1225);
    }
    assertThat(pool.threads()).isEqualTo(5);
  }

  @Test
  void every_part_is_done_once_whether_helpers_look_out_or_sleep() throws Exception {
    KernelPool pool = new KernelPool(5_000_000_000L);
    for (int i = 0; i < 300; i++) {
      assertThat(sum(pool, 1 + i % 4, 1 + i)).isEqualTo((long) i * (i + 1) / 2);
      if (i % 100 == 0) {
        // Longer than helpers look out.
        Thread.sleep(2);
      }
    }
  }

  @Test
  void callers_that_share_helpers_have_every_part_of_their_own_work_done_once() throws Exception {
    KernelPool pool = new KernelPool(5_000_000_000L);
    AtomicLong wrong = new AtomicLong();
    List<Thread> callers = new ArrayList<>();
    for (int c = 0; c < 3; c++) {
      int own = c;
      callers.add(Thread.ofPlatform().start(() -> {
        for (int i = 0; i < 3000; i++) {
          int n = 2 + (i * 7 + own) % 40;
          wrong.addAndGet(sum(pool, 2 + i % 3, n) == (long) n * (n - 1) / 2 ? 0 : 1);
        }
      }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(wrong).hasValue(0);
  }

  @Test
  void helpers_that_wait_for_the_caller_never_have_its_part_too() {
    KernelPool pool = new KernelPool(5_000_000_000L);
    Thread caller = Thread.currentThread();
    for (int round = 0; round < 5000; round++) {
      sum(pool, 4, 16);
      AtomicBoolean led = new AtomicBoolean();
      pool.run(2, 2, 1, (from, to) -> {
        if (Thread.currentThread() == caller) {
          led.set(true);
        }
        while (!led.get()) {
          Thread.onSpinWait();
        }
      });
    }
  }

  @Test
  void large_kernels_pay_always_and_tiny_ones_never() {
    KernelPool pool = new KernelPool(5_000_000_000L);
    assertThat(pool.pays(1e6)).isTrue();
    assertThat(pool.pays(100)).isFalse();
    sum(pool, 2, 50);
    assertThat(pool.pays(100)).isFalse();
  }

  /** A system that has room for some threads and no more. */
  private static final class Room implements ThreadFactory {
    final AtomicInteger left;
    final AtomicInteger asked = new AtomicInteger();

    Room(int threads) {
      left = new AtomicInteger(threads);
    }

    @Override
    public Thread newThread(Runnable work) {
      asked.incrementAndGet();
      return new Thread(work) {
        {
          setDaemon(true);
        }

        @Override
        public void start() {
          if (left.getAndDecrement() <= 0) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          super.start();
        }
      };
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void work_is_done_by_the_threads_that_there_are_where_the_system_has_no_more(int threads) {
    Room room = new Room(threads);
    KernelPool pool = new KernelPool(5_000_000_000L, room);
    for (int round = 0; round < 2000; round++) {
      assertThat(sum(pool, 5, 50)).isEqualTo(1225);
      assertThat(pool.threads()).isLessThanOrEqualTo(threads);
    }
    assertThat(pool.threads()).isEqualTo(threads);
    // the system is not asked in vain for every kernel
    assertThat(room.asked).hasValueLessThan(threads + 100);
  }

  @Test
  void helpers_come_when_the_system_has_room_for_them_again() throws Exception {
    Room room = new Room(0);
    KernelPool pool = new KernelPool(5_000_000_000L, room);
    assertThat(sum(pool, 3, 50)).isEqualTo(1225);
    assertThat(pool.threads()).isZero();
    room.left.set(2);
    while (pool.threads() < 2) {
      Thread.sleep(10);
      assertThat(sum(pool, 3, 50)).isEqualTo(1225);
    }
    assertThat(room.left).hasValue(0);
  }
}
