package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubLockTest {
  @TempDir Path folder;

  /** Another JVM: takes the lock, says so, and keeps it until its input ends. */
  public static void main(String[] args) throws Exception {
    try (HubLock lock = HubLock.take(Path.of(args[0]))) {
      System.out.println("held");
      System.in.read();
    }
  }

  @Test
  void another_process_keeps_the_lock_until_it_ends() throws Exception {
    Path file = folder.resolve("locks/a.lock");
    Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
        System.getProperty("java.class.path"), HubLockTest.class.getName(), file.toString()).start();
    AtomicBoolean released = new AtomicBoolean();
    try (BufferedReader out = other.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine()).isEqualTo("held");
      FutureTask<Boolean> taker = new FutureTask<>(() -> {
        try (HubLock lock = HubLock.take(file)) {
          return released.get();
        }
      });
      Thread thread = Thread.ofPlatform().start(taker);
      Thread.sleep(200); // a lock that does not hold is taken well within this
      released.set(true);
      other.getOutputStream().close();
      assertThat(taker.get()).isTrue();
      thread.join();
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void waiting_for_the_lock_can_be_interrupted() throws Exception {
    Path file = folder.resolve("b.lock");
    try (HubLock lock = HubLock.take(file)) {
      FutureTask<Boolean> taker = new FutureTask<>(() -> {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> HubLock.take(file)).isInstanceOf(InterruptedException.class);
        return true;
      });
      Thread.ofPlatform().start(taker).join();
      assertThat(taker.get()).isTrue();
    }
    try (HubLock again = HubLock.take(file)) {
      assertThat(again).isNotNull();
    }
  }
}
