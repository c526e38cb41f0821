package io.swiftjvm.run;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Device;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.model.BlockExpansion;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ClassifierHead;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.quant.QuantFormats;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.method.TunerFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A model of a plan in memory: weights, adapters, tokenizer, chat template. Closing gives everything back. */
public final class LoadedModel implements AutoCloseable {
  private final ModelSource source;
  private final Backend backend;
  private final CausalLm model;
  private final List<String> adapters = new ArrayList<>();
  private @Nullable Tokenizer tokenizer;
  private @Nullable ChatTemplate template;
  private volatile boolean closed;

  private LoadedModel(ModelSource source, Backend backend, CausalLm model) {
    this.source = source;
    this.backend = backend;
    this.model = model;
  }

  /**
   * Loads the model of {@code settings} with its adapters, frozen; all of them are active, their updates add up. Those
   * that have a name are left to servers and engines, see {@link AdapterRef}.
   */
  public static LoadedModel open(Settings settings) {
    return open(settings, null, settings.model().adapters());
  }

  /** The model of a training: without adapters, with the blocks that the tuner adds and the head of the task. */
  static LoadedModel bare(Settings settings) {
    return open(settings, settings.tuner().expansion(), null);
  }

  private static LoadedModel open(
      Settings settings, @Nullable BlockExpansion expansion, @Nullable List<String> adapters) {
    ModelSource source = settings.model().open();
    Backend backend = null;
    CausalLm model = null;
    Tokenizer tokenizer = null;
    try {
      ModelConfig config = ModelConfig.load(source.folder());
      QuantFormats.requireSupported(config);
      ClassifierHead head = head(settings, config, adapters);
      if (head != null && config.padId().isEmpty() && HuggingFaceTokenizers.isPresent(source.folder())) {
        tokenizer = tokenizer(source.folder());
        OptionalInt pad = tokenizer.special().pad();
        head = pad.isPresent() ? new ClassifierHead(head.outputs(), head.problemType(), pad.getAsInt()) : head;
      }
      backend = backend(settings);
      model = CausalLm.load(
          source.folder(), backend, new LoadOptions(settings.model().dtype()).mapped(settings.mapped())
              .formats(QuantFormats.FORMATS).expansion(expansion).head(head));
      QuantSpec quant = settings.model().quant().spec();
      if (quant != null) {
        quant.apply(model);
      }
      LoadedModel loaded = new LoadedModel(source, backend, model);
      loaded.tokenizer = tokenizer;
      List<String> names = new ArrayList<>();
      for (Path adapter : AdapterRef.always(adapters == null ? List.of() : adapters)) {
        String name = "adapter" + names.size();
        loaded.attach(adapter, name);
        names.add(name);
      }
      loaded.activate(names);
      return loaded;
    } catch (RuntimeException | Error e) {
      Closing.after(e, tokenizer, model, backend, source);
      throw e;
    }
  }

  /** The score head that the task or an adapter asks for; one that nobody trained is refused, except before a training. */
  private static @Nullable ClassifierHead head(
      Settings settings, ModelConfig config, @Nullable List<String> adapters) {
    ClassifierHead head = settings.head().head(settings.task(), config);
    if (adapters == null) {
      return head;
    }
    OptionalInt trained = AdapterRef.always(adapters).stream().map(AdapterFiles::headOutputs)
        .filter(OptionalInt::isPresent).findFirst().orElse(OptionalInt.empty());
    boolean own = config.architecture().filter(name -> name.endsWith("ForSequenceClassification")).isPresent();
    if (head != null && trained.isEmpty() && !own) {
      throw new InvalidPlanException("task_type is " + settings.task() + ", and neither the model nor its adapters " + adapters
          + " have a score head. Train one first, or name its adapter.");
    }
    return head == null && trained.isPresent() && !own ? new ClassifierHead(trained.getAsInt(), null, null) : head;
  }

  /** The device of a plan. */
  static Backend backend(Settings settings) {
    Integer threads = settings.threads();
    boolean onCpu = Devices.choice(settings.device()).filter(c -> c.device().device().equals(Device.CPU)).isPresent();
    Backend backend = threads != null && onCpu ? Devices.cpu(threads) : Devices.open(settings.device());
    Double limit = settings.memoryLimit();
    if (limit != null && backend instanceof CpuBackend cpu) {
      cpu.limit((long) (limit * (1L << 30)));
    }
    return backend;
  }

  /** An engine over the model; one of a folder without tokenizer files answers in tokens only. */
  public Engine engine() {
    return hasTokenizer() ? new Engine(model, tokenizer()) : new Engine(model);
  }

  private boolean hasTokenizer() {
    return HuggingFaceTokenizers.isPresent(source.folder());
  }

  /** The tokenizer of a model folder. */
  public static Tokenizer tokenizer(Path folder) {
    return HuggingFaceTokenizers.load(folder);
  }

  /** Puts one more adapter on the model and makes it the only active one. */
  public void attach(Path folder, String name) {
    live();
    TunerFiles.attachAny(model, folder, name, false);
    adapters.clear();
    adapters.add(name);
  }

  public ModelSource source() {
    return source;
  }

  public Backend backend() {
    return backend;
  }

  public CausalLm model() {
    return model;
  }

  /** Names of the active adapters. */
  public List<String> adapters() {
    return List.copyOf(adapters);
  }

  /** Chooses the active adapters by name; an empty list is the bare model. */
  public void activate(List<String> names) {
    adapters.clear();
    adapters.addAll(names);
  }

  public synchronized Tokenizer tokenizer() {
    live();
    Tokenizer t = tokenizer;
    if (t == null) {
      t = tokenizer(source.folder());
      tokenizer = t;
    }
    return t;
  }

  /** The chat template; a model without one cannot chat. */
  public synchronized ChatTemplate template() {
    live();
    ChatTemplate t = template;
    if (t == null) {
      t = ChatTemplate.find(source.folder()).orElseThrow(() -> new InvalidPlanException("the model in "
          + source.folder() + " has no chat template (chat_template.jinja or tokenizer_config.json). Use plain prompts."));
      template = t;
    }
    return t;
  }

  private void live() {
    if (closed) {
      throw new IllegalStateException("the model in " + source.folder() + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    Closing.all(tokenizer, model, backend, source);
  }
}
