package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.train.CancellationToken;
import java.util.concurrent.CountDownLatch;

/**
 * {@code swift sft} and {@code swift pt}: train, log, save. SIGTERM finishes the step, saves and stops.
 *
 * @param name sft or pt
 * @param summary for the help
 */
record SftCommand(String name, String summary) implements Command {
  @Override
  public int run(Call call) {
    Settings given = call.settings();
    Settings settings = name.equals("pt") ? given.task(Task.PT) : given.task() == Task.PT ? given.task(Task.SFT) : given;
    if (!settings.data().any()) {
      throw new UsageException("--dataset is required: a file, a folder or swift/self-cognition (or --cached_dataset)");
    }
    Plan plan = Recipe.of(settings).plan();
    CancellationToken cancellation = new CancellationToken();
    CountDownLatch saved = new CountDownLatch(1);
    Thread hook = new Thread(() -> {
      cancellation.cancel();
      try {
        saved.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }, "swift-cancel");
    Runtime.getRuntime().addShutdownHook(hook);
    try (Run run = plan.train(new ConsoleProgress(call.err()), cancellation)) {
      call.out().println(Json.line(run.summary()));
      return 0;
    } finally {
      saved.countDown();
      removeHook(hook);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the virtual machine is already going down and runs the hook
    }
  }
}
