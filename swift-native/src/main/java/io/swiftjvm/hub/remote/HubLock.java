package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One download of a repository at a time, among the threads of this JVM and among processes. */
final class HubLock implements AutoCloseable {
  // A file lock belongs to the whole JVM, so threads need one of their own.
  private static final ConcurrentHashMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();
  private static final Duration POLL = Duration.ofMillis(50);

  private final ReentrantLock thread;
  private final FileChannel channel;

  private HubLock(ReentrantLock thread, FileChannel channel) {
    this.thread = thread;
    this.channel = channel;
  }

  /** Waits for the lock; the file stays when it is released, since deleting it would let two holders in. */
  static HubLock take(Path file) throws IOException, InterruptedException {
    Path path = Renames.folderOf(file).resolve(String.valueOf(file.getFileName()));
    ReentrantLock thread = THREADS.computeIfAbsent(path.normalize(), p -> new ReentrantLock());
    thread.lockInterruptibly();
    FileChannel channel = null;
    boolean held = false;
    try {
      channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      lock(channel);
      held = true;
      return new HubLock(thread, channel);
    } catch (FileLockInterruptionException e) {
      Thread.interrupted();
      InterruptedException stop = new InterruptedException("interrupted while waiting for " + path);
      stop.initCause(e);
      throw stop;
    } finally {
      if (!held) {
        release(thread, channel);
      }
    }
  }

  private static void lock(FileChannel channel) throws IOException, InterruptedException {
    while (true) {
      try {
        channel.lock();
        return;
      } catch (OverlappingFileLockException e) {
        Thread.sleep(POLL); // this class was loaded twice in one JVM
      }
    }
  }

  private static void release(ReentrantLock thread, @Nullable FileChannel channel)
      throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      thread.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    release(thread, channel);
  }
}
