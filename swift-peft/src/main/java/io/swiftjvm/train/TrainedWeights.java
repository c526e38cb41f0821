package io.swiftjvm.train;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.AttachedAdapter;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.FullTransform;
import io.swiftjvm.tuner.LlamaProSpec;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import io.swiftjvm.tuner.ModelExport;
import io.swiftjvm.tuner.Tuning;
import io.swiftjvm.tuner.method.TunerAdapter;
import io.swiftjvm.tuner.method.TunerFiles;
import io.swiftjvm.tuner.method.TunerSpec;
import io.swiftjvm.tuner.method.TunerTransform;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a training changes, and how that part is saved and read back. */
public sealed interface TrainedWeights {
  CausalLm model();

  /** The trained parameters, always in the same order. */
  List<Parameter> parameters();

  /** Adapters that are on in the training's passes. */
  List<String> adapters();

  /** Factor on the rate of {@code lora_B}; null = 1. */
  @Nullable Double loraPlusRatio();

  /** True if the whole model is trained. */
  boolean full();

  /** What is trained, in a few words. */
  String describe();

  /** What is trained, with every setting: part of a checkpoint's identity. */
  default String identity() {
    return describe();
  }

  /** Saves in the format that others read: PEFT's adapter files, or a Hugging Face folder in float32. */
  void save(Path folder);

  /** Reads back what {@link #save} wrote, bit for bit. */
  void load(Path folder);

  /** The batch as the adapter needs it. */
  default Batch batch(Batch batch) {
    return batch;
  }

  /** The pass over such a batch. */
  default Pass pass(Pass pass, Batch batch) {
    return pass;
  }

  /** What is added to the loss once a step, or null. */
  default @Nullable Tensor penalty(Ops ops) {
    return null;
  }

  /** Told before step {@code step} (from 0); true if other parameters than before learn in it. */
  default boolean begin(int step) {
    return false;
  }

  /** Told when a step has all gradients. */
  default void differentiated(Gradients gradients) {}

  /** Told when step {@code step} (from 1) of {@code total} has changed the parameters by gradients times clip. */
  default void updated(int step, int total, Gradients gradients, float clip) {}

  /**
   * Puts what {@code tuning} says on a model that has nothing yet, as {@code default}, and trains it. The model must have
   * been loaded with {@link Tuning#expansion()}.
   *
   * {@snippet :
   * TrainedWeights weights = TrainedWeights.fresh(model, VeraSpec.DEFAULT, 42, "Qwen/Qwen3-0.6B");
   * }
   *
   * @param seed start values depend on it and on names alone
   * @param base what an adapter's config names as the base model
   */
  static TrainedWeights fresh(CausalLm model, Tuning tuning, long seed, String base) {
    return switch (tuning) {
      case LoraSpec lora -> of(new LoraTransform(lora, seed).attach(model), base);
      case FullSpec full -> {
        new FullTransform(full).apply(model);
        yield new Full(model, full, seed);
      }
      case LlamaProSpec pro -> {
        DecoderConfig before = Families.of(model.source()).config(model.source());
        List<Integer> added = pro.expansion().added(before);
        model.train(model.parameters().stream().filter(p -> added.contains(LlamaProSpec.layer(p.name()))).toList());
        yield of(model);
      }
      case TunerSpec tuner -> of(new TunerTransform(LoraTransform.DEFAULT_NAME, tuner, seed).attach(model), base);
      default -> throw new IllegalArgumentException("no transform is known for " + tuning);
    };
  }

  /** Goes on with the adapter of {@code folder}, of whatever method. */
  static TrainedWeights from(CausalLm model, Path folder, String base) {
    return switch (TunerFiles.attachAny(model, folder, LoraTransform.DEFAULT_NAME, true)) {
      case LoraAdapter adapter -> of(adapter, base);
      case TunerAdapter adapter -> of(adapter, base);
      case AttachedAdapter other -> throw new IllegalArgumentException("no way to train " + other);
    };
  }

  /** Trains an attached adapter; {@code base} is what its config names as the base model. */
  static TrainedWeights of(LoraAdapter adapter, String base) {
    return new Adapter(adapter, base);
  }

  /** A batch whose rows have what an adapter puts before them. */
  static Batch widened(TunerAdapter adapter, Batch batch) {
    int first = Math.toIntExact(adapter.model().parameters().getFirst().value().dim(0));
    return adapter.offset() == 0 ? batch
        : VirtualTokens.before(batch, adapter.offset(), adapter.virtualTokens(), first);
  }

  /** Trains an attached adapter of another method. */
  static TrainedWeights of(TunerAdapter adapter, String base) {
    return new Tuned(adapter, base);
  }

  /** Trains every parameter; {@link CausalLm#trainFull} must have run. */
  static TrainedWeights of(CausalLm model) {
    return new Full(model, FullSpec.DEFAULT, 0);
  }

  /** An adapter of any method. */
  sealed interface Attached extends TrainedWeights {
    AttachedAdapter adapter();

    @Override
    default CausalLm model() {
      return adapter().model();
    }

    @Override
    default List<Parameter> parameters() {
      return adapter().parameters();
    }

    @Override
    default List<String> adapters() {
      return List.of(adapter().name());
    }

    @Override
    default @Nullable Double loraPlusRatio() {
      return adapter().loraPlusRatio();
    }

    @Override
    default boolean full() {
      return false;
    }

    @Override
    default String describe() {
      return adapter().toString();
    }

    @Override
    default String identity() {
      return adapter().modules().size() + " x " + adapter().spec();
    }

    private static void checkTrainable(AttachedAdapter adapter) {
      if (!adapter.parameters().stream().allMatch(Parameter::trainable)) {
        throw new InvalidPlanException("The adapter '" + adapter.name() + "' was loaded to be used, not trained, or "
            + "has a bias (lora_bias). Attach it as trainable.");
      }
    }
  }

  /** A LoRA. */
  record Adapter(LoraAdapter adapter, String base) implements Attached {
    public Adapter {
      Attached.checkTrainable(adapter);
    }

    @Override
    public Pass pass(Pass pass, Batch batch) {
      return adapter.spec().attention().pass(pass, batch.cuSeqlens());
    }

    @Override
    public void save(Path folder) {
      AdapterFiles.save(adapter, folder, base);
    }

    @Override
    public void load(Path folder) {
      AdapterFiles.load(adapter, folder);
    }
  }

  /** An adapter of another method. */
  record Tuned(TunerAdapter adapter, String base) implements Attached {
    public Tuned {
      Attached.checkTrainable(adapter);
    }

    @Override
    public void save(Path folder) {
      TunerFiles.save(adapter, folder, base);
    }

    @Override
    public void load(Path folder) {
      TunerFiles.load(adapter, folder);
    }

    @Override
    public Batch batch(Batch batch) {
      return widened(adapter, batch);
    }

    @Override
    public Pass pass(Pass pass, Batch batch) {
      return adapter.pass(pass, batch.ids(), batch.positions(), batch.cuSeqlens());
    }

    @Override
    public @Nullable Tensor penalty(Ops ops) {
      return adapter.penalty(ops);
    }

    @Override
    public void differentiated(Gradients gradients) {
      adapter.differentiated(gradients);
    }

    @Override
    public void updated(int step, int total, Gradients gradients, float clip) {
      adapter.updated(step, total, gradients, clip);
    }
  }

  /** The parameters of the model that are trainable when this is made. */
  final class Full implements TrainedWeights {
    private final CausalLm model;
    private final FullSpec spec;
    private final List<Parameter> parameters;
    private final LayerDraw draw;

    private Full(CausalLm model, FullSpec spec, long seed) {
      this.model = model;
      this.spec = spec;
      parameters = model.parameters().stream().filter(Parameter::trainable).toList();
      draw = new LayerDraw(parameters, spec, seed);
      if (parameters.isEmpty()) {
        throw new InvalidPlanException("Full training was asked for, but no parameter of the model is trainable. "
            + "Apply FullTransform first.");
      }
    }

    @Override
    public CausalLm model() {
      return model;
    }

    @Override
    public List<Parameter> parameters() {
      return parameters;
    }

    @Override
    public boolean begin(int step) {
      return draw.begin(step);
    }

    @Override
    public List<String> adapters() {
      return List.of();
    }

    @Override
    public @Nullable Double loraPlusRatio() {
      return null;
    }

    @Override
    public boolean full() {
      return true;
    }

    @Override
    public String describe() {
      int all = model.parameters().size();
      int own = parameters().size();
      return (own == all ? "all " + all : own + " of " + all) + " parameters"
          + (spec.lisaLayers() > 0 ? ", " + spec.lisaLayers() + " layers at a time" : "");
    }

    @Override
    public String identity() {
      String names = String.join(" ", parameters().stream().map(Parameter::name).toList());
      return describe() + " " + Integer.toHexString(names.hashCode())
          + (spec.lisaLayers() > 0 ? " every " + spec.lisaInterval() : "");
    }

    @Override
    public void save(Path folder) {
      ModelExport.save(model, folder, DType.F32, false);
    }

    @Override
    public void load(Path folder) {
      try (Checkpoint weights = Checkpoint.open(folder)) {
        for (Parameter parameter : parameters()) {
          TensorEntry entry = weights.get(parameter.name());
          if (entry.dtype() != DType.F32 || entry.elements() != parameter.value().size()) {
            throw new CheckpointException("Cannot continue " + folder + ": its tensor " + entry + " does not fit "
                + parameter + ". Continue a checkpoint of the same model.");
          }
          model.backend().upload(entry.data(), parameter.value());
        }
      }
    }
  }
}
