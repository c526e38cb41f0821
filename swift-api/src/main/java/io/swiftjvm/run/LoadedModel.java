package io.swiftjvm.run;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.model.BlockExpansion;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.quant.QuantFormats;
import io.swiftjvm.quant.Quantisation;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.tuner.method.TunerFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    return open(settings, null);
  }

  /** {@link #open(Settings)} with more blocks than the files have. */
  static LoadedModel open(Settings settings, @Nullable BlockExpansion expansion) {
    ModelSource source = settings.model().open();
    Backend backend = null;
    CausalLm model = null;
    boolean done = false;
    try {
      QuantFormats.requireSupported(ModelConfig.load(source.folder()));
      backend = backend(settings);
      model = CausalLm.load(
          source.folder(), backend, new LoadOptions(settings.model().dtype()).formats(QuantFormats.FORMATS).expansion(expansion));
      Quantisation quantisation = settings.model().quant().quantisation();
      if (quantisation != null) {
        quantisation.apply(model);
      }
      LoadedModel loaded = new LoadedModel(source, backend, model);
      List<String> names = new ArrayList<>();
      for (Path adapter : AdapterRef.always(settings.model().adapters())) {
        String name = "adapter" + names.size();
        loaded.attach(adapter, name);
        names.add(name);
      }
      loaded.activate(names);
      done = true;
      return loaded;
    } finally {
      if (!done) {
        close(model, backend, source);
      }
    }
  }

  /** The device of a plan. */
  static Backend backend(Settings settings) {
    Integer threads = settings.threads();
    boolean onCpu = settings.device().equals("cpu")
        || (settings.device().equals("auto") && Devices.choice().device().kind().equals("cpu"));
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
    Tokenizer t = tokenizer;
    if (t != null) {
      t.close();
    }
    close(model, backend, source);
  }

  private static void close(@Nullable CausalLm model, @Nullable Backend backend, ModelSource source) {
    if (model != null) {
      model.close();
    }
    if (backend != null) {
      backend.close();
    }
    source.close();
  }
}
