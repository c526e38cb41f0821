package io.swiftjvm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.TrainingException;
import io.swiftjvm.hub.AtomicFile;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes {@code logging.jsonl}: one object a line, {@code step}, {@code loss}, {@code grad_norm} (before clipping),
 * {@code learning_rate} (used in that step), {@code tokens} and more; {@code eval_loss} after an evaluation, and a
 * last line with the last and the best checkpoint. With an interval above 1 a line carries the mean loss of its steps.
 * A continued run keeps the lines up to its start.
 */
public final class JsonlLog implements Consumer<TrainEvent> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String LAST = "last_model_checkpoint";

  private final Path file;
  private final int interval;
  /** The whole text where files cannot be appended to: it is written anew with every checkpoint and at the end. */
  private final @Nullable StringBuilder remote;
  private double loss;
  private int steps;
  private final ChannelLoss channels = new ChannelLoss();

  /** Logs every {@code interval} steps into {@code file}. */
  public JsonlLog(Path file, int interval) {
    this.file = file;
    this.interval = interval;
    remote = file.getFileSystem().equals(FileSystems.getDefault()) ? null : new StringBuilder();
  }

  @Override
  public void accept(TrainEvent event) {
    switch (event) {
      case TrainEvent.Started started -> open(started.step());
      case TrainEvent.DataReady data -> { }
      case TrainEvent.Channels step -> channels.add(step);
      case TrainEvent.StepEnd end -> step(end);
      case TrainEvent.Evaluated evaluated -> {
        ObjectNode line = line(evaluated.step());
        line.put("eval_loss", evaluated.loss());
        evaluated.metrics().forEach((name, value) -> line.put("eval_" + name, value));
        append(line);
      }
      case TrainEvent.Dropped dropped -> {
        ObjectNode line = line(dropped.step());
        line.put("dropped", dropped.reason());
        append(line);
      }
      case TrainEvent.Warning warning -> {
        ObjectNode line = line(warning.step());
        line.put("warning", warning.message());
        append(line);
      }
      case TrainEvent.Saved saved -> publish();
      case TrainEvent.Finished finished -> {
        append(last(finished));
        publish();
      }
      case TrainEvent.Cancelled cancelled -> publish();
      case TrainEvent.Failed failed -> {
        ObjectNode line = line(failed.step());
        line.put("failed", failed.message());
        append(line);
        publish();
      }
    }
  }

  private void step(TrainEvent.StepEnd end) {
    loss += end.loss();
    steps++;
    if (end.step() % interval != 0 && end.step() != end.totalSteps()) {
      return;
    }
    ObjectNode line = line(end.step());
    line.put("loss", loss / steps);
    channels.drain(line::put);
    line.put("grad_norm", end.gradNorm());
    line.put("learning_rate", end.learningRate());
    line.put("epoch", end.epoch());
    line.put("tokens", end.tokens());
    line.put("labelled_tokens", end.labelled());
    line.put("tokens_per_second", end.tokensPerSecond());
    line.put("memory_bytes", end.memoryBytes());
    append(line);
    loss = 0;
    steps = 0;
  }

  private static ObjectNode last(TrainEvent.Finished finished) {
    TrainResult result = finished.result();
    ObjectNode line = line(finished.step());
    line.put(LAST, result.checkpoint() == null ? null : result.checkpoint().toString());
    line.put("best_model_checkpoint", result.best() == null ? null : result.best().toString());
    line.put("best_metric", Double.isFinite(result.bestMetric()) ? result.bestMetric() : null);
    line.put("train_runtime", result.seconds());
    return line;
  }

  private static ObjectNode line(int step) {
    return JsonNodeFactory.instance.objectNode().put("step", step);
  }

  private void open(int step) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      StringBuilder kept = new StringBuilder();
      if (step > 0 && Files.isRegularFile(file)) {
        for (String line : Files.readAllLines(file)) {
          if (stepOf(line) <= step) {
            kept.append(line).append('\n');
          }
        }
      }
      if (remote != null) {
        remote.append(kept);
      }
      AtomicFile.write(file, kept.toString());
    } catch (IOException e) {
      throw refusal(e);
    }
  }

  // A last line cut off by a crash is dropped with the rest.
  private static int stepOf(String line) {
    try {
      JsonNode json = MAPPER.readTree(line);
      return json == null || json.has(LAST) ? Integer.MAX_VALUE : json.path("step").asInt(Integer.MAX_VALUE);
    } catch (JsonProcessingException e) {
      return Integer.MAX_VALUE;
    }
  }

  private void append(ObjectNode line) {
    if (remote != null) {
      remote.append(line).append('\n');
      return;
    }
    // A stream, not a channel: an interrupt meant for the training must not close the log.
    try (FileOutputStream out = new FileOutputStream(file.toFile(), true)) {
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw refusal(e);
    }
  }

  private void publish() {
    if (remote != null) {
      AtomicFile.write(file, remote.toString());
    }
  }

  private TrainingException refusal(IOException e) {
    return new TrainingException("Cannot write the log " + file + ": " + e + ". Free space or choose another folder.",
        e);
  }
}
