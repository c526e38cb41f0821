package io.swiftjvm.run;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.parallel.HostMemory;
import io.swiftjvm.parallel.ModelSizes;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.MemoryPlan;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.GradientEstimate;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainResult;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.train.checkpoint.TrainerState;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.tuner.HeadStart;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One training of a plan: loads, reads data, trains, leaves the trained model loaded. */
public final class TrainingSession {
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private TrainingSession() {}

  /**
   * A finished or cancelled training.
   *
   * @param loaded the trained model
   * @param result how it ended
   * @param folder the run's folder; null when nothing was written
   * @param data what became of the rows
   */
  public record Trained(
      LoadedModel loaded, TrainResult result, @Nullable Path folder, DropReport data) {}

  /**
   * Trains on the calling thread. On any exception everything is closed.
   *
   * @param change the last word on the job: another loss, more listeners
   */
  public static Trained run(
      Settings given, String planJson, Consumer<TrainEvent> listener, CancellationToken cancellation,
      UnaryOperator<TrainJob> change) {
    Settings settings = resumed(given);
    boolean full = settings.tuner().full();
    List<String> start = settings.model().adapters();
    if (full && !start.isEmpty() || start.size() > 1) {
      throw new InvalidPlanException("adapters is " + start + "; the training of an adapter starts from one at most, a full "
          + "training from none. Merge them first (swift export --merge_lora true).");
    }
    LoadedModel loaded = LoadedModel.bare(settings);
    boolean done = false;
    try (TrainingData data = TrainingData.of(settings, loaded, listener)) {
      MemoryPlan memory = memory(settings, loaded);
      if (data.tokens() > 0) {
        memory.require(data.tokens());
      }
      Objective objective = TaskLoss.of(settings, loaded);
      // Before a full training widens them.
      boolean half = loaded.model().parameters().stream().anyMatch(p -> p.value().dtype() == DType.F16);
      TrainedWeights weights = weights(settings, loaded, objective, data.batches());
      Path folder = folder(settings);
      TrainSpec train = settings.train().checkpoint(c -> c.outputDir(folder)).lossScaling(half);
      TrainJob job = TrainJob.of(weights, train, data.batches())
          .objective(objective)
          .validation(data.validation())
          .cancellation(cancellation)
          .files(Map.of("args.json", planJson))
          .identity(identity(settings, loaded));
      if (folder != null) {
        prepare(folder, planJson);
      }
      TrainJob watched = Hooks.attach(job, settings, folder, planJson, listener);
      TrainResult result = run(change.apply(watched), memory, data.tokens());
      loaded.activate(weights.adapters());
      done = true;
      return new Trained(loaded, result, folder, data.report());
    } finally {
      if (!done) {
        loaded.close();
      }
    }
  }

  private static TrainResult run(TrainJob job, MemoryPlan memory, long tokens) {
    try {
      return job.run();
    } catch (MemoryException e) {
      throw memory.explained(e, tokens);
    }
  }

  private static MemoryPlan memory(Settings settings, LoadedModel loaded) {
    int limit = loaded.model().source().maxModelLen().orElse(loaded.model().config().maxPositions());
    Integer asked = settings.text().maxLength();
    MemoryPlan plan = new MemoryPlan(settings, ModelSizes.of(loaded.source().folder(),
        settings.head().head(settings.task(), ModelConfig.load(loaded.source().folder()))), asked == null ? limit : asked);
    // What the system has no memory for ends the process without a word; the pool's refusal can be caught.
    if (settings.memoryLimit() == null && loaded.backend() instanceof CpuBackend cpu) {
      long free = HostMemory.available();
      cpu.limit(free == Long.MAX_VALUE ? free : cpu.bytesInUse() + free);
    }
    return plan;
  }

  private static TrainedWeights weights(
      Settings settings, LoadedModel loaded, Objective objective, BatchSource data) {
    CausalLm model = loaded.model();
    if (model.config().classifies() != settings.task().classifies()) {
      throw new InvalidPlanException("task_type is " + settings.task() + ", and the model in " + model.directory() + " is a "
          + (model.config().classifies() ? "classifier. Use task_type seq_cls or reranker."
              : "language model. Use a checkpoint for sequence classification."));
    }
    HeadStart.fill(model, settings.train().seed());
    List<String> start = settings.model().adapters();
    String base = settings.model().baseName();
    long seed = settings.train().seed();
    if (start.isEmpty() && settings.tuner() instanceof LoraSpec lora && lora.init() == LoraInit.LORA_GA) {
      boolean resumed = settings.train().checkpoint().resumeFrom() != null;
      try (Scope scope = new Scope(loaded.backend())) {
        // The start of a run that goes on is in its checkpoint.
        return TrainedWeights.of(new LoraTransform(lora, seed).attach(model, resumed ? GradientEstimate.none(model, lora, scope)
            : GradientEstimate.of(model, lora, objective, data, scope)), base);
      }
    }
    return start.isEmpty() ? TrainedWeights.fresh(model, settings.tuner(), seed, base)
        : TrainedWeights.from(model, Path.of(AdapterRef.of(start.getFirst()).folder()), base);
  }

  /** The settings with a run's folder as {@code resume_from_checkpoint} replaced by its newest whole checkpoint. */
  private static Settings resumed(Settings settings) {
    Path from = settings.train().checkpoint().resumeFrom();
    if (from == null || Files.exists(from.resolve(TrainerState.FILE))) {
      return settings;
    }
    CheckpointStore store = new CheckpointStore(from, null);
    if (store.folders().isEmpty()) {
      return settings;
    }
    Path latest = store.latest().orElseThrow(() -> new CheckpointException("Cannot continue " + from + ": none of its "
        + store.folders().size() + " checkpoints is whole. Start anew."));
    return settings.train(t -> t.checkpoint(c -> c.resumeFrom(latest)));
  }

  private static Map<String, String> identity(Settings settings, LoadedModel loaded) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("base model", Fingerprint.model(loaded.source().folder()));
    facts.put("torch_dtype", String.valueOf(settings.model().dtype()));
    facts.put("quantisation", String.valueOf(settings.model().quant().spec()));
    return facts;
  }

  /** The run's own folder: that of the checkpoint it continues, else a new version under the output folder. */
  private static @Nullable Path folder(Settings settings) {
    Path output = settings.outputDir();
    Path resume = settings.train().checkpoint().resumeFrom();
    if (output == null) {
      return null;
    }
    if (resume != null && resume.toAbsolutePath().getParent() instanceof Path run && run.startsWith(output.toAbsolutePath())) {
      return run;
    }
    if (!settings.addVersion()) {
      return output;
    }
    int version = 0;
    if (Files.isDirectory(output)) {
      try (Stream<Path> entries = Files.list(output)) {
        version = (int) entries.filter(p -> p.getFileName().toString().matches("v\\d+-.*")).count();
      } catch (IOException e) {
        throw new CheckpointException("the output folder " + output + " cannot be read: " + e, e);
      }
    }
    return output.resolve("v" + version + "-" + LocalDateTime.now().format(STAMP));
  }

  private static void prepare(Path folder, String planJson) {
    try {
      Files.createDirectories(folder);
      AtomicFile.write(folder.resolve("args.json"), planJson);
    } catch (IOException e) {
      throw new CheckpointException("the output folder " + folder + " cannot be written: " + e
          + ". Choose another --output_dir or free space.", e);
    }
  }
}
