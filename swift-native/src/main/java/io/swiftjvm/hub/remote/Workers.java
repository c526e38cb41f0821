package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Runs tasks side by side; the first failure, or an interrupt of the caller, stops and awaits the others. */
final class Workers {
  private Workers() {}

  /** A piece of work. */
  @FunctionalInterface
  interface Task {
    void run() throws IOException, InterruptedException;
  }

  /** Runs all tasks, at most {@code limit} at a time. No task runs any more when this returns or throws. */
  static void runAll(List<? extends Task> tasks, int limit) throws IOException, InterruptedException {
    if (tasks.size() == 1) {
      tasks.getFirst().run();
      return;
    }
    Queue<Task> queue = new ConcurrentLinkedQueue<>(tasks);
    int workers = Math.min(limit, tasks.size());
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<Boolean> done = new ExecutorCompletionService<>(executor);
      try {
        for (int i = 0; i < workers; i++) {
          done.submit(() -> drain(queue));
        }
        for (int i = 0; i < workers; i++) {
          done.take().get();
        }
      } catch (ExecutionException e) {
        executor.shutdownNow();
        throw rethrown(e.getCause());
      } catch (InterruptedException e) {
        executor.shutdownNow();
        throw e;
      }
    }
  }

  private static boolean drain(Queue<Task> queue) throws IOException, InterruptedException {
    for (Task task = queue.poll(); task != null; task = queue.poll()) {
      task.run();
    }
    return true;
  }

  private static IOException rethrown(@Nullable Throwable cause) throws IOException, InterruptedException {
    switch (cause) {
      case null -> throw new IOException("a worker failed");
      case IOException e -> throw e;
      case InterruptedException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException(cause);
    }
  }
}
