package io.swiftjvm.run;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.plan.HookSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.Callback;
import io.swiftjvm.train.JsonlLog;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.train.objective.ObjectiveProvider;
import io.swiftjvm.train.report.Alerts;
import io.swiftjvm.train.report.HtmlReport;
import io.swiftjvm.train.report.TensorBoardLog;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The logs, alerts, callbacks and losses that a plan names. */
final class Hooks {
  private Hooks() {}

  /** The job with everything that is to be told of it; files go to {@code folder}, or nowhere if it is null. */
  static TrainJob attach(
      TrainJob job, Settings settings, @Nullable Path folder, String planText, Consumer<TrainEvent> listener) {
    HookSettings hooks = settings.hooks();
    int interval = settings.train().loggingSteps();
    Consumer<TrainEvent> all = event -> {};
    if (folder != null) {
      Path log = folder.resolve("logging.jsonl");
      all = all.andThen(new JsonlLog(log, interval));
      if (hooks.reports("tensorboard")) {
        all = all.andThen(new TensorBoardLog(folder.resolve("runs"), interval));
      }
      if (hooks.reports("html")) {
        all = all.andThen(new HtmlReport(folder.resolve("report.html"), log, planText));
      }
    }
    all = all.andThen(listener);
    for (String name : hooks.callbacks()) {
      all = all.andThen(named("callbacks", name, Callback.class, Callback::name).start(job));
    }
    // Alerts go the same way as what they warn of, once it has been told everywhere.
    Consumer<TrainEvent> told = all;
    return job.listener(told.andThen(new Alerts(hooks.alertSteps(), told::accept)));
  }

  /** The loss that the plan names, or null. */
  static @Nullable Objective objective(HookSettings hooks) {
    String name = hooks.lossType();
    return name == null ? null
        : named("loss_type", name, ObjectiveProvider.class, ObjectiveProvider::name).objective();
  }

  private static <S> S named(String argument, String name, Class<S> service, Function<S, String> nameOf) {
    List<S> all = ServiceLoader.load(service).stream().map(ServiceLoader.Provider::get).toList();
    return all.stream().filter(one -> nameOf.apply(one).equals(name)).findFirst()
        .orElseThrow(() -> new InvalidPlanException(argument + " names '" + name + "'; registered are "
            + all.stream().map(nameOf).sorted().toList() + ". List its class in META-INF/services/" + service.getName()
            + "."));
  }
}
