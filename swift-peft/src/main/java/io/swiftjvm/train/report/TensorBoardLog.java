package io.swiftjvm.train.report;

import io.swiftjvm.error.TrainingException;
import io.swiftjvm.train.ChannelLoss;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Curves for TensorBoard under the tags of Hugging Face's trainer: {@code train/loss}, {@code train/grad_norm}, {@code
 * train/learning_rate}, {@code train/epoch}, {@code eval/loss} and more. A continued run adds a file that takes the
 * place of what was logged after its checkpoint.
 *
 * {@snippet :
 * job.listener(new TensorBoardLog(folder.resolve("runs"), 10)); // tensorboard --logdir runs
 * }
 */
public final class TensorBoardLog implements Consumer<TrainEvent> {
  private final Path folder;
  private final int interval;
  private final DoubleSupplier clock;
  private Path file;
  private @Nullable EventFile events;
  private double loss;
  private int steps;
  private final ChannelLoss channels = new ChannelLoss();

  /** Logs every {@code interval} steps into a file of its own in {@code folder}. */
  public TensorBoardLog(Path folder, int interval) {
    this(folder, interval, () -> System.currentTimeMillis() / 1000.0);
  }

  TensorBoardLog(Path folder, int interval, DoubleSupplier clock) {
    this.folder = folder;
    this.interval = interval;
    this.clock = clock;
    file = folder;
  }

  @Override
  public void accept(TrainEvent event) {
    switch (event) {
      case TrainEvent.Started started -> {
        double now = clock.getAsDouble();
        // TensorBoard reads the files of a folder in the order of their names.
        file = folder.resolve(String.format("events.out.tfevents.%010d.swift.%d.%d", (long) now,
            ProcessHandle.current().pid(), System.identityHashCode(this)));
        events = new EventFile(now, started.step() + 1L);
        flush();
      }
      case TrainEvent.Channels step -> channels.add(step);
      case TrainEvent.StepEnd end -> step(end);
      case TrainEvent.Evaluated evaluated -> {
        scalar(evaluated.step(), "eval/loss", evaluated.loss());
        evaluated.metrics().forEach((name, value) -> scalar(evaluated.step(), "eval/" + name, value));
        flush();
      }
      case TrainEvent.Saved saved -> flush();
      case TrainEvent.Finished finished -> flush();
      case TrainEvent.Cancelled cancelled -> flush();
      case TrainEvent.Failed failed -> flush();
      case TrainEvent.Dropped dropped -> { }
      case TrainEvent.DataReady ready -> { }
      case TrainEvent.Warning warning -> { }
    }
  }

  private void step(TrainEvent.StepEnd end) {
    loss += end.loss();
    steps++;
    if (end.step() % interval == 0 || end.step() == end.totalSteps()) {
      scalar(end.step(), "train/loss", loss / steps);
      channels.drain((name, value) -> scalar(end.step(), "train/" + name, value));
      scalar(end.step(), "train/grad_norm", end.gradNorm());
      scalar(end.step(), "train/learning_rate", end.learningRate());
      scalar(end.step(), "train/epoch", end.epoch());
      scalar(end.step(), "train/tokens_per_second", end.tokensPerSecond());
      scalar(end.step(), "train/memory_bytes", end.memoryBytes());
      loss = 0;
      steps = 0;
      flush();
    }
  }

  private void scalar(int step, String tag, double value) {
    EventFile to = events;
    if (to != null) {
      to.scalar(clock.getAsDouble(), step, tag, value);
    }
  }

  private void flush() {
    EventFile from = events;
    if (from == null) {
      return;
    }
    try {
      from.flush(file);
    } catch (IOException e) {
      throw new TrainingException("Cannot write the TensorBoard log " + file + ": " + e + ". Free space, choose another "
          + "folder, or leave tensorboard out of report_to.", e);
    }
  }
}
