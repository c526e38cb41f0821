package io.swiftjvm.cli;

import io.swiftjvm.train.TrainEvent;
import java.io.PrintStream;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** One live line on a terminal, one line for each tenth of the run elsewhere: loss, rate, speed, memory, time left. */
final class ConsoleProgress implements Consumer<TrainEvent> {
  private static final int BAR = 24;

  private final PrintStream out;
  private final boolean live = System.console() != null && System.console().isTerminal();

  ConsoleProgress(PrintStream out) {
    this.out = out;
  }

  @Override
  public void accept(TrainEvent event) {
    switch (event) {
      case TrainEvent.Started started -> out.printf(Locale.ROOT, "training %,d of %,d values: %s%n", started.trainable(),
          started.parameters(), started.what());
      case TrainEvent.DataReady data -> line(data(data));
      case TrainEvent.StepEnd end -> step(end);
      case TrainEvent.Channels channels -> { }
      case TrainEvent.Evaluated evaluated -> line("step " + evaluated.step() + ": validation loss "
          + String.format(Locale.ROOT, "%.4f", evaluated.loss()) + new TreeMap<>(evaluated.metrics()).entrySet().stream()
              .map(e -> String.format(Locale.ROOT, ", %s %.4f", e.getKey(), e.getValue())).collect(Collectors.joining()));
      case TrainEvent.Saved saved -> line("saved " + saved.folder());
      case TrainEvent.Dropped dropped -> line("step " + dropped.step() + " changed nothing: " + dropped.reason());
      case TrainEvent.Warning warning -> line("warning: " + warning.message());
      case TrainEvent.Finished finished -> line(String.format(Locale.ROOT, "done after %d steps in %.1f s, loss %.4f",
          finished.step(), finished.result().seconds(), finished.result().loss()));
      case TrainEvent.Failed failed -> line("failed after step " + failed.step());
      case TrainEvent.Cancelled cancelled -> line("stopped at step " + cancelled.step());
    }
  }

  private static String data(TrainEvent.DataReady data) {
    String packs = data.units() == data.rows() ? ""
        : String.format(Locale.ROOT, " in %,d packs, %.1f %% filled", data.units(), 100 * data.fill());
    return String.format(Locale.ROOT, "data: %,d rows, %,d dropped, %,d tokens%s: %,d steps", data.rows(), data.dropped(),
        data.tokens(), packs, data.steps());
  }

  private void step(TrainEvent.StepEnd end) {
    int done = (int) ((long) BAR * end.step() / end.totalSteps());
    String text = String.format(Locale.ROOT, "[%s%s] %d/%d  loss %.4f  lr %.2e  %,.0f tokens/s  %,d MiB  %s left",
        "#".repeat(done), ".".repeat(BAR - done), end.step(), end.totalSteps(), end.loss(), end.learningRate(),
        end.tokensPerSecond(), end.memoryBytes() >> 20, time(end.etaSeconds()));
    if (live) {
      out.print("\r\u001b[K" + text);
      if (end.step() == end.totalSteps()) {
        out.println();
      }
      out.flush();
    } else if (end.step() == 1 || end.step() == end.totalSteps()
        || end.step() * 10L / end.totalSteps() != (end.step() - 1) * 10L / end.totalSteps()) {
      out.println(text);
    }
  }

  private void line(String text) {
    out.println(live ? "\r\u001b[K" + text : text);
  }

  private static String time(double seconds) {
    long s = Math.round(Math.max(0, seconds));
    return s < 60 ? s + " s" : s < 3600 ? s / 60 + " min " + s % 60 + " s" : s / 3600 + " h " + s % 3600 / 60 + " min";
  }
}
