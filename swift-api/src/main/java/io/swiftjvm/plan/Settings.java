package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.Tuning;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a plan decides, composed of the floors' own specifications.
 *
 * @param task sft or pt
 * @param model model, element type, adapters
 * @param device {@code auto} or the name of a device
 * @param threads kernel threads; null = all processors
 * @param tuner what is trained: an adapter of any method, or the weights themselves
 * @param data rows
 * @param text tokens
 * @param train optimizer, schedule, batches, checkpoints
 * @param addVersion put a run's files in a folder {@code vN-DATE} of their own under the output folder; off
 *     unless asked for, so that {@code logging.jsonl} is where the caller said (ms-swift: on)
 * @param sampling how answers are sampled
 * @param memoryLimit GiB of native memory that a run may use; null = what the machine has free
 * @param hooks what watches and extends a training
 * @param head classifiers, embeddings and rerankers
 */
public record Settings(
    Task task, ModelSettings model, String device, @Nullable Integer threads, Tuning tuner,
    DataSettings data, TextSettings text, TrainSpec train, boolean addVersion, SamplingParams sampling,
    @Nullable Double memoryLimit, HookSettings hooks, HeadSettings head) {
  /** Nothing chosen yet; ms-swift's defaults everywhere. */
  public static final Settings DEFAULT = new Settings(Task.SFT, ModelSettings.DEFAULT, "auto", null, LoraSpec.DEFAULT,
      DataSettings.DEFAULT, TextSettings.DEFAULT,
      TrainSpec.DEFAULT.checkpoint(c -> c.outputDir(Path.of("output"))), false, SamplingParams.DEFAULT, null,
      HookSettings.DEFAULT, HeadSettings.DEFAULT);

  public Settings {
    if (threads != null && threads < 1) {
      throw new InvalidPlanException("num_threads is " + threads + "; it must be 1 or more.");
    }
    if (memoryLimit != null && !(memoryLimit > 0)) {
      throw new InvalidPlanException("memory_limit is " + memoryLimit + " GiB; it must be above 0.");
    }
  }

  public Settings task(Task v) {
    return new Settings(v, model, device, threads, tuner, data, text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings model(UnaryOperator<ModelSettings> f) {
    return new Settings(task, f.apply(model), device, threads, tuner, data, text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings device(String v) {
    return new Settings(task, model, v, threads, tuner, data, text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings threads(@Nullable Integer v) {
    return new Settings(task, model, device, v, tuner, data, text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  /** Sets what is trained. Default: {@link LoraSpec#DEFAULT}. */
  public Settings tuner(Tuning v) {
    return new Settings(task, model, device, threads, v, data, text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings data(UnaryOperator<DataSettings> f) {
    return new Settings(task, model, device, threads, tuner, f.apply(data), text, train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings text(UnaryOperator<TextSettings> f) {
    return new Settings(task, model, device, threads, tuner, data, f.apply(text), train, addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings train(UnaryOperator<TrainSpec> f) {
    return new Settings(task, model, device, threads, tuner, data, text, f.apply(train), addVersion, sampling,
        memoryLimit, hooks, head);
  }

  public Settings addVersion(boolean v) {
    return new Settings(task, model, device, threads, tuner, data, text, train, v, sampling, memoryLimit, hooks, head);
  }

  public Settings sampling(UnaryOperator<SamplingParams> f) {
    return new Settings(task, model, device, threads, tuner, data, text, train, addVersion, f.apply(sampling),
        memoryLimit, hooks, head);
  }

  public Settings memoryLimit(@Nullable Double v) {
    return new Settings(task, model, device, threads, tuner, data, text, train, addVersion, sampling, v, hooks, head);
  }

  public Settings hooks(UnaryOperator<HookSettings> f) {
    return new Settings(task, model, device, threads, tuner, data, text, train, addVersion, sampling, memoryLimit,
        f.apply(hooks), head);
  }

  public Settings head(UnaryOperator<HeadSettings> f) {
    return new Settings(task, model, device, threads, tuner, data, text, train, addVersion, sampling, memoryLimit,
        hooks, f.apply(head));
  }

  /** The folder that a run writes under; null when it writes nothing. */
  public @Nullable Path outputDir() {
    return train.checkpoint().outputDir();
  }

  /** Whether weights stay in the mapped file, also where a copy would only be replaced: by quantised weights, or those that train. */
  public boolean mapped() {
    return model.mmap() || model.quant().spec() != null || (data.any() && tuner.full());
  }
}
