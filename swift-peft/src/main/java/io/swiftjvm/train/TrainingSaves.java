package io.swiftjvm.train;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.HostView;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.train.checkpoint.LocalCopy;
import io.swiftjvm.train.checkpoint.TrainerState;
import io.swiftjvm.train.optimizer.Optimizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What of a training goes into a checkpoint, and how a training goes on from one. */
final class TrainingSaves {
  private static final String OPTIMIZER = "optimizer.safetensors";

  private final TrainJob job;
  private final CheckpointSpec spec;
  private final Optimizer optimizer;
  private final LossScaler scaler;
  private final Map<String, String> identity;
  private final @Nullable CheckpointStore store;
  private final @Nullable CheckpointStore backup;
  private @Nullable Path last;
  private int savedAt = -1;
  private int bestStep;
  private double bestMetric = Double.NaN;
  private int stale;

  TrainingSaves(TrainJob job, Optimizer optimizer, LossScaler scaler, double peak) {
    this.job = job;
    this.optimizer = optimizer;
    this.scaler = scaler;
    spec = job.spec().checkpoint();
    identity = identity(job, peak);
    Path folder = spec.outputDir();
    store = folder == null ? null : new CheckpointStore(folder, spec.totalLimit());
    Path second = spec.backup();
    backup = second == null ? null : new CheckpointStore(second, spec.totalLimit());
  }

  private static Map<String, String> identity(TrainJob job, double peak) {
    TrainSpec train = job.spec();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("objective", job.objective().name());
    facts.put("trained weights", job.weights().identity());
    facts.put("seed", Long.toString(train.seed()));
    facts.put("data seed", Long.toString(train.dataSeed()));
    facts.put("data", job.data().fingerprint());
    // Where its state lies changes nothing, and checkpoints from before it could be paged go on.
    facts.put("optimizer", train.optim().paged(false).learningRate(peak).toString().replace(", paged=false", ""));
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

  /** Folder of the best checkpoint of this training, or null. */
  @Nullable Path best() {
    Path folder = spec.outputDir();
    return bestStep == 0 || folder == null ? null : folder.resolve("checkpoint-" + bestStep);
  }

  double bestMetric() {
    return bestMetric;
  }

  /** Saves; {@code evaluated} is what the evaluation of this very step found, or null. */
  Path save(int step, long tokens, int dropped, TrainEvent.@Nullable Evaluated evaluated) {
    CheckpointStore to = store;
    if (to == null) {
      throw new IllegalStateException("no output folder");
    }
    boolean better = evaluated != null && better(evaluated);
    int best = better ? step : bestStep;
    int behind = better || evaluated == null ? 0 : stale + 1;
    double metric = better && evaluated != null ? evaluated.value(spec.best().metric()) : bestMetric;
    Path folder = to.save(step, bytes(), best, part -> {
      job.weights().save(part);
      if (!spec.onlyModel()) {
        saveOptimizer(part.resolve(OPTIMIZER));
      }
      new TrainerState(step, job.data().steps(), optimizer.steps(), tokens, dropped, best, metric, behind,
          scaler.saved(), scaler.good(), identity).write(part);
      job.files().forEach((name, text) -> AtomicFile.write(part.resolve(name), text));
    });
    last = folder;
    savedAt = step;
    bestStep = best;
    bestMetric = metric;
    stale = behind;
    return folder;
  }

  private boolean better(TrainEvent.Evaluated evaluated) {
    BestSpec best = spec.best();
    if (!best.metric().equals("loss") && !evaluated.metrics().containsKey(best.metric())) {
      throw new InvalidPlanException("metric_for_best_model is '" + best.metric() + "'; the evaluation gives loss"
          + evaluated.metrics().keySet().stream().sorted().map(name -> ", " + name).collect(Collectors.joining()) + ".");
    }
    double value = evaluated.value(best.metric());
    return Double.isFinite(value) && (bestStep == 0 || best.better(value, bestMetric));
  }

  /** True if there were as many saves without a better one as the settings bear. */
  boolean stale() {
    return spec.best().patience() > 0 && stale >= spec.best().patience();
  }

  /** What a checkpoint takes at least: values as they are saved, and the optimizer's state. */
  private long bytes() {
    long sum = job.weights().parameters().stream().mapToLong(p -> p.value().size() * Float.BYTES).sum();
    return spec.onlyModel() ? sum : sum + optimizer.state().values().stream().mapToLong(Tensor::bytes).sum();
  }

  /** Copies the last checkpoint to the second place; why that failed, or null. The first one is durable anyway. */
  @Nullable String backUp() {
    CheckpointStore to = backup;
    Path folder = last;
    if (to == null || folder == null) {
      return null;
    }
    try {
      to.copy(folder, bestStep);
      return null;
    } catch (CheckpointException e) {
      return "the copy of " + folder + " failed, the checkpoint itself is whole: " + e.getMessage();
    }
  }

  /** Puts the best weights back where they are not the last ones. */
  void loadBest() {
    Path best = best();
    if (spec.best().loadAtEnd() && best != null && bestStep != savedAt) {
      try (LocalCopy copy = LocalCopy.of(best)) {
        job.weights().load(copy.folder());
      }
    }
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
    if (store != null) {
      store.tidy();
    }
    Path from = spec.resumeFrom();
    if (from == null) {
      return 0;
    }
    try (LocalCopy copy = LocalCopy.of(from)) {
      TrainerState state = TrainerState.read(copy.folder());
      refuseOther(from, state);
      job.weights().load(copy.folder());
      if (spec.resumeOnlyModel()) {
        return spec.ignoreDataSkip() ? 0 : Math.min(state.step(), job.data().steps());
      }
      // Those who learnt last have the state that was saved.
      if (job.weights().begin(Math.max(0, state.step() - 1))) {
        optimizer.keepTrainable();
      }
      loadOptimizer(copy.folder());
      optimizer.resumeAt(state.updates());
      scaler.resume(state.lossScale(), state.goodSteps());
      Path parent = from.toAbsolutePath().getParent();
      if (spec.outputDir() instanceof Path to && to.toAbsolutePath().equals(parent)) {
        bestStep = state.bestStep();
        bestMetric = state.bestMetric();
        stale = state.stale();
      }
      return state.step();
    }
  }

  private void refuseOther(Path from, TrainerState state) {
    if (spec.resumeOnlyModel()) {
      return;
    }
    identity.forEach((name, now) -> {
      String then = state.identity().get(name);
      if (!now.equals(then)) {
        String differs = name + " was '" + then + "' and is '" + now + "' now";
        if (spec.resumeAccept().stream().noneMatch(a -> a.equals("all") || a.replace('_', ' ').equals(name.replace('_', ' ')))) {
          throw new CheckpointException("Cannot continue " + from + ": " + differs + ", so the result would be neither "
              + "run. Use the old setting, accept the change with resume_accept '" + name.replace(' ', '_') + "', or take only the weights "
              + "with resume_only_model.");
        }
        job.listener().accept(new TrainEvent.Warning(state.step(), "continuing " + from + " with a change: " + differs));
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
