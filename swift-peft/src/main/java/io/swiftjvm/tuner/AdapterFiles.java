package io.swiftjvm.tuner;

import io.swiftjvm.backend.HostView;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.ModelFolder;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * LoRA adapters in the files of PEFT: {@code adapter_config.json} and {@code adapter_model.safetensors} with keys
 * {@code base_model.model.<path>.lora_A.weight}. Weights are saved in float32.
 *
 * {@snippet :
 * LoraAdapter adapter = AdapterFiles.attach(model, Path.of("out/checkpoint-10"), "default", false);
 * AdapterFiles.save(adapter, Path.of("copy"), "Qwen/Qwen3-0.6B");
 * }
 */
public final class AdapterFiles {
  /** The file of the weights. */
  public static final String WEIGHTS = "adapter_model.safetensors";

  /** The file of the settings. */
  public static final String CONFIG = AdapterConfig.FILE;

  private static final String PREFIX = "base_model.model.";
  static final Pattern KEY =
      Pattern.compile("base_model\\.model\\.(.+)\\.(lora_A|lora_B)\\.(weight|bias)");

  private static final Pattern EXPERT = Pattern.compile("\\.experts\\.\\d+\\.");

  private AdapterFiles() {}

  /** True if {@code folder} looks like an adapter. */
  public static boolean isAdapter(Path folder) {
    return Files.isRegularFile(folder.resolve(AdapterConfig.FILE));
  }

  /** The settings of an adapter folder; {@link ModelFormatException} names what cannot be used. */
  public static LoraSpec readSpec(Path folder) {
    return AdapterConfig.read(ModelFolder.of(folder).file(AdapterConfig.FILE)).spec();
  }

  /** Outputs of the score head in an adapter folder; empty where it has none. */
  public static OptionalInt headOutputs(Path folder) {
    Path file = folder.resolve(WEIGHTS);
    if (!Files.isRegularFile(file)) {
      return OptionalInt.empty();
    }
    try (SafetensorsFile weights = SafetensorsFile.open(file)) {
      String key = PREFIX + "score.weight";
      return weights.contains(key) && weights.entry(key).shape().length == 2
          ? OptionalInt.of(Math.toIntExact(weights.entry(key).shape()[0])) : OptionalInt.empty();
    }
  }

  /** The LoRA settings in a file that also has the keys {@code more}, and nothing that changes the base. */
  public static LoraSpec readSpec(ConfigReader config, Set<String> more) {
    AdapterConfig.Settings settings = AdapterConfig.read(config, more);
    if (settings.spec().init() == LoraInit.LOFTQ) {
      throw config.refusal("init_lora_weights", "loftq is only supported with a plain LoRA, not with " + more);
    }
    boolean biased = settings.spec().bias() != LoraBias.NONE;
    if (!settings.spec().modulesToSave().isEmpty() || !settings.tokens().isEmpty() || biased) {
      throw config.refusal(
          biased ? "bias" : settings.tokens().isEmpty() ? "modules_to_save" : "trainable_token_indices",
          "changes of the base are only supported beside a plain LoRA, not with " + more);
    }
    return settings.spec();
  }

  /** What a folder holds at one projection. */
  private record Found(TensorEntry a, TensorEntry b, @Nullable TensorEntry bias) {}

  /**
   * Attaches the adapter of {@code folder} under {@code name}. Everything is checked before the model changes: unknown
   * keys, shapes, projections that the model or the file lacks.
   *
   * @param trainable whether training goes on with it
   */
  public static LoraAdapter attach(CausalLm model, Path folder, String name, boolean trainable) {
    ModelFolder files = ModelFolder.of(folder);
    AdapterConfig.Settings settings = AdapterConfig.read(files.file(AdapterConfig.FILE));
    LoraSpec spec = trainable ? TrainingConfig.read(folder, settings.spec()) : settings.spec();
    Path path = files.file(WEIGHTS);
    try (SafetensorsFile weights = SafetensorsFile.open(path)) {
      Map<String, Found> found =
          check(model, path, spec, entries(model, path, weights), settings.stacked());
      BaseChanges changes = BaseChanges.read(model, settings, weights);
      boolean quantises = spec.init() == LoraInit.LOFTQ;
      BaseChanges.checkAlone(model, quantises || !changes.isEmpty());
      if (trainable && !changes.trainable()) {
        throw refusal(path, "it changes the token table by parts, which can be used and merged but not trained on");
      }
      // The transform's own check of the name, before anything changes.
      String legal = new LoraTransform(name, spec, 0).name();
      List<String> order = model.linears().keySet().stream().filter(found::containsKey).toList();
      List<LoraLinear> linears = LoraTransform.wrap(model, order);
      if (quantises) {
        linears.forEach(linear -> LoftqStart.check(linear, spec.rankOf(linear.path()), spec.scaleOf(linear.path())));
      }
      for (LoraLinear linear : linears) {
        Found part = require(found.get(linear.path()));
        Parameter a = parameter(model, linear, legal, "lora_A", part.a());
        Parameter b = parameter(model, linear, legal, "lora_B", part.b());
        TensorEntry bias = part.bias();
        Parameter c = bias == null ? null : parameter(model, linear, legal, "lora_B.bias", bias);
        a.trainable(trainable && !spec.freezeA());
        b.trainable(trainable);
        float scale = spec.scaleOf(linear.path());
        LoraStart start = LoraStart.of(model, linear, spec.init(), spec.rankOf(linear.path()), scale);
        if (quantises) {
          changes.pack(linear.base().weight(),
              spec.loftq().make(model, linear, spec.rankOf(linear.path()), scale, true).weight());
        }
        linear.add(new LoraPart(
            legal, spec, a, b, c, scale, start, settings.invocation(), changes.isEmpty() ? null : changes));
      }
      changes.apply(trainable);
    }
    return LoraAdapter.of(model, name);
  }

  /** Overwrites an attached adapter's values by those of {@code folder}, which must hold the same projections. */
  public static void load(LoraAdapter adapter, Path folder) {
    Path path = ModelFolder.of(folder).file(WEIGHTS);
    try (SafetensorsFile weights = SafetensorsFile.open(path)) {
      boolean doubled = adapter.spec().init() == LoraInit.LORA_GA;
      Map<String, Found> found = check(adapter.model(), path, doubled ? adapter.spec().doubled() : adapter.spec(),
          entries(adapter.model(), path, weights), true);
      if (!found.keySet().equals(adapter.parts().keySet())) {
        throw refusal(path, "it holds other projections than the adapter '" + adapter.name() + "'");
      }
      adapter.parts().forEach((module, part) -> {
        Found from = require(found.get(module));
        LoraStart start = part.start();
        if (doubled && start != null) {
          start.join(part).split(adapter.model(), from.a().floats(), from.b().floats());
        } else {
          fill(adapter.model(), from.a(), part.a().value());
          fill(adapter.model(), from.b(), part.b().value());
        }
      });
      BaseChanges changes = adapter.changes();
      if (changes != null) {
        changes.load(weights);
      }
    }
  }

  private static Map<String, TensorEntry> entries(CausalLm model, Path path, SafetensorsFile weights) {
    Map<String, TensorEntry> entries = new TreeMap<>();
    for (String key : weights.names()) {
      if (KEY.matcher(key).matches()) {
        entries.put(key, weights.entry(key));
      }
    }
    if (entries.isEmpty()) {
      throw refusal(path, "it holds no tensor of a LoRA projection");
    }
    return StackedExpertKeys.expand(model, path, entries);
  }

  private static Map<String, Found> check(
      CausalLm model, Path path, LoraSpec spec, Map<String, TensorEntry> entries, boolean stacked) {
    Map<String, Linear> linears = model.linears();
    Map<String, Found> found = new TreeMap<>();
    for (String key : entries.keySet()) {
      Matcher matcher = KEY.matcher(key);
      if (matcher.matches()) {
        String module = matcher.group(1);
        Linear linear = linears.get(module);
        if (linear == null) {
          throw refusal(path, "its tensor '" + key + "' belongs to '" + module
              + "', which is no projection of this model that takes LoRA");
        }
        found.computeIfAbsent(module, m -> part(path, spec, m, linear, entries));
      }
    }
    TreeSet<String> missing = new TreeSet<>(spec.targets().matches(linears.keySet()));
    missing.removeAll(found.keySet());
    // Where experts are stacked tensors, as in transformers 5, names of projections do not reach them.
    if (found.keySet().stream().noneMatch(EXPERT.asPredicate())) {
      missing.removeIf(EXPERT.asPredicate());
    }
    if (!missing.isEmpty() && !stacked) {
      throw refusal(path, "the settings name " + missing.size() + " projections that have no tensors, first '"
          + missing.first() + "'");
    }
    return found;
  }

  private static Found part(
      Path path, LoraSpec spec, String module, Linear linear, Map<String, TensorEntry> entries) {
    int rank = spec.rankOf(module);
    TensorEntry a = entry(path, module, "lora_A.weight", entries);
    TensorEntry b = entry(path, module, "lora_B.weight", entries);
    TensorEntry bias = entries.get(PREFIX + module + ".lora_B.bias");
    shape(path, a, rank, linear.inFeatures());
    shape(path, b, linear.outFeatures(), rank);
    if (bias != null) {
      shape(path, bias, linear.outFeatures());
    }
    return new Found(a, b, bias);
  }

  private static TensorEntry entry(Path path, String module, String kind, Map<String, TensorEntry> entries) {
    TensorEntry entry = entries.get(PREFIX + module + "." + kind);
    if (entry == null) {
      throw refusal(path, "it has no tensor '" + PREFIX + module + "." + kind + "'");
    }
    return entry;
  }

  private static void shape(Path path, TensorEntry entry, long... wanted) {
    if (!Arrays.equals(entry.shape(), wanted)) {
      throw refusal(path, "its tensor '" + entry.name() + "' has shape " + Arrays.toString(entry.shape())
          + ", the model and the settings ask for " + Arrays.toString(wanted));
    }
    if (!entry.dtype().isFloat()) {
      throw refusal(path, "its tensor '" + entry.name() + "' holds " + entry.dtype() + ", not float32, bf16 or fp16");
    }
  }

  private static Parameter parameter(
      CausalLm model, LoraLinear linear, String adapter, String kind, TensorEntry entry) {
    Tensor tensor = model.scope().floats(entry.shape());
    fill(model, entry, tensor);
    boolean bias = kind.endsWith(".bias");
    String stem = bias ? kind.substring(0, kind.length() - ".bias".length()) : kind;
    return new Parameter(linear.path() + "." + stem + "." + adapter + (bias ? ".bias" : ".weight"), tensor);
  }

  static void fill(CausalLm model, TensorEntry entry, Tensor target) {
    if (entry.dtype() == DType.F32) {
      model.backend().upload(entry.data(), target);
    } else {
      model.backend().upload(MemorySegment.ofArray(entry.floats()), target);
    }
  }

  /** Saves in PEFT's format, creating the folder; {@code base} is written as {@code base_model_name_or_path}. */
  public static void save(LoraAdapter adapter, Path folder, String base) {
    CausalLm model = adapter.model();
    try (Arena arena = Arena.ofConfined()) {
      Files.createDirectories(folder);
      SafetensorsWriter writer = new SafetensorsWriter();
      adapter.parts().forEach((module, part) -> {
        LoraStart start = part.start();
        if (start != null && part.spec().init() == LoraInit.LORA_GA) {
          LoraStart.Joined joined = start.join(part);
          writer.add(PREFIX + module + ".lora_A.weight", joined.shapeA(), joined.a());
          writer.add(PREFIX + module + ".lora_B.weight", joined.shapeB(), joined.b());
        } else {
          add(model, writer, arena, module + ".lora_A.weight", part.a());
          add(model, writer, arena, module + ".lora_B.weight", part.b());
        }
        BaseChanges changes = part.changes();
        if (part.bias() != null || part.invocation() != null || (changes != null && !changes.trainable())) {
          throw new ModelFormatException("Cannot save the adapter '" + adapter.name() + "': it was loaded with biases of "
              + "its own, invocation tokens or parts of the token table, which are read but not written. Copy its folder "
              + "instead.");
        }
      });
      BaseChanges changes = adapter.changes();
      if (changes != null) {
        changes.saved().forEach((key, parameter) -> {
          Tensor value = parameter.value();
          writer.add(key, value.dtype(), value.shape(), HostView.of(model.backend(), value, arena));
        });
      }
      writer.write(folder.resolve(WEIGHTS));
      TrainingConfig.write(folder, adapter.spec());
      AtomicFile.write(folder.resolve(AdapterConfig.FILE),
          AdapterConfig.write(adapter.spec().init() == LoraInit.LORA_GA ? adapter.spec().doubled() : adapter.spec(),
              adapter.modules(), model.linears().keySet(), base, changes != null && changes.tied()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the adapter to " + folder + ": " + e, e);
    }
  }

  /** Saves with the model's own folder as the base's name. */
  public static void save(LoraAdapter adapter, Path folder) {
    save(adapter, folder, adapter.model().directory().toString());
  }

  private static void add(CausalLm model, SafetensorsWriter writer, Arena arena, String key, Parameter parameter) {
    Tensor value = parameter.value();
    writer.add(PREFIX + key, DType.F32, value.shape(), HostView.of(model.backend(), value, arena));
  }

  private static <T> T require(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("a projection that was checked is gone");
    }
    return value;
  }

  private static ModelFormatException refusal(Path path, String found) {
    return new ModelFormatException("Cannot load the adapter " + path + ": " + found
        + ". Use the base model that the adapter was made for, or save it again.");
  }
}
