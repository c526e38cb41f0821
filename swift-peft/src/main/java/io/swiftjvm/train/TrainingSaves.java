package io.swiftjvm.train;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.train.checkpoint.TrainerState;
import io.swiftjvm.train.optimizer.Optimizer;
import io.swiftjvm.tuner.HostView;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What of a training goes into a checkpoint, and how a training goes on from one. */
final class TrainingSaves {
  private static final String OPTIMIZER = "optimizer.safetensors";

  private final TrainJob job;
  private final CheckpointSpec spec;
  private final Optimizer optimizer;
  private final Map<String, String> identity;
  private final @Nullable CheckpointStore store;
  private @Nullable Path last;
  private int savedAt = -1;

  TrainingSaves(TrainJob job, Optimizer optimizer, double peak) {
    this.job = job;
    this.optimizer = optimizer;
    spec = job.spec().checkpoint();
    identity = identity(job, peak);
    Path folder = spec.outputDir();
    store = folder == null ? null : new CheckpointStore(folder, spec.totalLimit());
  }

  private static Map<String, String> identity(TrainJob job, double peak) {
    TrainSpec train = job.spec();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("objective", job.objective().name());
    facts.put("trained weights", job.weights().identity());
    facts.put("seed", Long.toString(train.seed()));
    facts.put("data seed", Long.toString(train.dataSeed()));
    facts.put("data", job.data().fingerprint());
    facts.put("optimizer", train.optim().learningRate(peak).toString());
    facts.put("schedule", train.schedule().toString());
    if (train.schedule().type().dependsOnTotal() || train.schedule().warmupRatio() > 0) {
      facts.put("total steps", Integer.toString(job.data().steps()));
    }
    facts.putAll(job.identity());
    return facts;
  }

  boolean enabled() {
    return store != null;
  }

  int savedAt() {
    return savedAt;
  }

  @Nullable Path last() {
    return last;
  }

  Path save(int step, long tokens, int dropped) {
    CheckpointStore to = store;
    if (to == null) {
      throw new IllegalStateException("no output folder");
    }
    Path folder = to.save(step, part -> {
      job.weights().save(part);
      if (!spec.onlyModel()) {
        saveOptimizer(part.resolve(OPTIMIZER));
      }
      new TrainerState(step, job.data().steps(), optimizer.steps(), tokens, dropped, identity).write(part);
      job.files().forEach((name, text) -> AtomicFile.write(part.resolve(name), text));
    });
    last = folder;
    savedAt = step;
    return folder;
  }

  private void saveOptimizer(Path file) {
    Backend backend = job.weights().model().backend();
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      optimizer.state().forEach(
          (name, value) -> writer.add(name, value.dtype(), value.shape(), HostView.of(backend, value, arena)));
      writer.write(file);
    }
  }

  /** Goes on from the checkpoint that the settings name; returns the steps already done. */
  int resume() {
    Path from = spec.resumeFrom();
    if (from == null) {
      return 0;
    }
    CheckpointStore.verify(from);
    TrainerState state = TrainerState.read(from);
    refuseOther(from, state);
    job.weights().load(from);
    if (spec.resumeOnlyModel()) {
      return spec.ignoreDataSkip() ? 0 : Math.min(state.step(), job.data().steps());
    }
    loadOptimizer(from);
    optimizer.resumeAt(state.updates());
    return state.step();
  }

  private void refuseOther(Path from, TrainerState state) {
    if (spec.resumeOnlyModel()) {
      return;
    }
    identity.forEach((name, now) -> {
      String then = state.identity().get(name);
      if (!now.equals(then)) {
        throw new CheckpointException("Cannot continue " + from + ": " + name + " was '" + then + "' and is '" + now
            + "' now, so the result would be neither run. Use the old setting, or resumeOnlyModel.");
      }
    });
    if (state.step() > job.data().steps()) {
      throw new CheckpointException("Cannot continue " + from + ": it stands at step " + state.step()
          + ", the run ends at " + job.data().steps() + ". Ask for more steps.");
    }
  }

  private void loadOptimizer(Path from) {
    Path path = from.resolve(OPTIMIZER);
    Backend backend = job.weights().model().backend();
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Map<String, Tensor> state = optimizer.state();
      if (file.names().size() != state.size()) {
        throw refusal(path, "it holds " + file.names().size() + " tensors, the optimizer " + state.size());
      }
      state.forEach((name, value) -> {
        if (!file.contains(name)) {
          throw refusal(path, "it has no '" + name + "'");
        }
        TensorEntry entry = file.entry(name);
        if (entry.dtype() != value.dtype() || !Arrays.equals(entry.shape(), value.shape())) {
          throw refusal(path, "its " + entry + " does not fit " + value);
        }
        backend.upload(entry.data(), value);
      });
    }
  }

  private static CheckpointException refusal(Path path, String found) {
    return new CheckpointException(
        "Cannot continue from " + path + ": " + found + ". Continue a checkpoint of the same plan.");
  }
}
