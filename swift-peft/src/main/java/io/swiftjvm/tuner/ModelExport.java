package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.HostView;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ShardedWriter;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.BlockExpansion;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model as a plain Hugging Face folder that needs nothing of this library: config, weights (shards of 5 GB),
 * tokenizer, chat template and generation settings. Adapters are merged in float32 ({@code W + scale B A}) and rounded
 * once; the model in memory stays as it is.
 *
 * {@snippet :
 * ModelExport.merge(model, List.of("default"), Path.of("out/merged"), DType.BF16, false);
 * }
 */
public final class ModelExport {
  private static final String CONFIG = "config.json";
  /** Everything in a model folder that is not weights; copied as it is where it exists. */
  private static final List<String> COMPANIONS = List.of("generation_config.json", "tokenizer.json",
      "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json",
      "merges.txt", "chat_template.jinja", "chat_template.json", "LICENSE", "NOTICE");

  private ModelExport() {}

  /**
   * Merges adapters into the weights.
   *
   * @param adapters names of attached adapters; their updates add up
   * @param dtype float32, bf16 or fp16; null keeps the type of each weight as loaded
   * @param overwrite whether {@code folder} may exist and hold files
   */
  public static Path merge(
      CausalLm model, List<String> adapters, Path folder, @Nullable DType dtype, boolean overwrite) {
    if (adapters.isEmpty()) {
      throw new InvalidPlanException("A merge was asked for without an adapter. Attached: " + Adapters.names(model)
          + ". Name at least one.");
    }
    for (String name : adapters) {
      if (!Adapters.names(model).contains(name)) {
        throw Adapters.unknown(model, name);
      }
      String reason = Adapters.of(model, name).unmergeable();
      if (reason != null) {
        throw new InvalidPlanException("The adapter '" + name + "' " + reason + ", so it cannot be merged into the "
            + "weights. Keep it as an adapter.");
      }
    }
    return write(model, adapters, folder, dtype, overwrite);
  }

  /** Writes the base or the fully tuned weights; adapters are left out. */
  public static Path save(CausalLm model, Path folder, @Nullable DType dtype, boolean overwrite) {
    return write(model, List.of(), folder, dtype, overwrite);
  }

  private static Path write(
      CausalLm model, List<String> adapters, Path folder, @Nullable DType dtype, boolean overwrite) {
    if (dtype != null && !dtype.isFloat()) {
      throw new InvalidPlanException("A model cannot be saved in " + dtype + ". Use float32, bfloat16 or float16.");
    }
    refuseExisting(model.directory(), folder, overwrite);
    try (Arena arena = Arena.ofConfined(); Checkpoint source = Checkpoint.open(model.directory())) {
      Files.createDirectories(folder);
      // The config comes last: without it an unfinished folder is not taken for a model.
      Files.deleteIfExists(folder.resolve(CONFIG));
      List<TensorEntry> weights = weights(model, adapters, dtype, arena);
      weights.addAll(others(model, source, weights));
      ShardedWriter.write(folder, weights);
      copyCompanions(model.directory(), folder);
      DType stored = dtype == null ? largest(weights) : dtype;
      AtomicFile.write(folder.resolve(CONFIG), config(model, stored).toPrettyString() + "\n");
      return folder;
    } catch (IOException e) {
      throw new CheckpointException("Cannot write the model to " + folder + ": " + e + ". Free space or choose another"
          + " folder.", e);
    }
  }

  static void refuseExisting(Path source, Path folder, boolean overwrite) {
    try {
      if (Files.exists(folder) && Files.isSameFile(folder, source)) {
        throw new InvalidPlanException("The output folder " + folder + " is that of the model itself. Choose another.");
      }
      if (!overwrite && Files.exists(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          if (files.findAny().isPresent()) {
            throw new InvalidPlanException(
                "The output folder " + folder + " exists and is not empty. Choose another or allow overwriting.");
          }
        }
      }
    } catch (IOException e) {
      throw new CheckpointException("Cannot look into the output folder " + folder + ": " + e + ". Choose another.", e);
    }
  }

  private static List<TensorEntry> weights(
      CausalLm model, List<String> adapters, @Nullable DType dtype, Arena arena) {
    Map<Parameter, Merge> merged = new HashMap<>();
    Set<Parameter> skipped = new HashSet<>();
    for (Linear linear : model.linears().values()) {
      if (linear instanceof AdaptedLinear adapted) {
        skipped.addAll(linear.parameters());
        linear.base().parameters().forEach(skipped::remove);
        if (adapted.hasAny(adapters)) {
          refuseUnmergeable(adapted, adapters);
          merged.put(linear.base().weight(), out -> adapted.merge(model.backend(), adapters, out));
          Parameter bias = linear.base().bias();
          if (bias != null) {
            merged.put(bias, out -> adapted.mergeBias(model.backend(), adapters, out));
          }
        }
      }
    }
    Map<Parameter, DType> unpacked = new HashMap<>();
    for (String name : adapters) {
      if (Adapters.of(model, name) instanceof LoraAdapter lora && lora.changes() instanceof BaseChanges changes) {
        unpacked.putAll(changes.unpacked());
      }
    }
    List<TensorEntry> entries = new ArrayList<>();
    for (Parameter parameter : model.parameters()) {
      if (!skipped.contains(parameter)) {
        Tensor value = parameter.value();
        // What an adapter quantised itself is its own: with it merged in, nothing is rounded again.
        DType plain = unpacked.getOrDefault(parameter, value.dtype());
        if (plain.isQuantised()) {
          throw new InvalidPlanException("The weights in memory are quantised (" + parameter.name() + " is "
              + value.dtype().shortName() + "); merging into them would lose most of the update. Load the model without"
              + " quantisation and merge the adapter into that.");
        }
        Merge merge = merged.get(parameter);
        DType target = dtype == null || !plain.isFloat() ? plain : dtype;
        MemorySegment data = merge == null ? plain(model.backend(), value, target, arena)
            : sum(model.backend(), value.shape(), merge, target, arena);
        entries.add(new TensorEntry(parameter.name(), target, value.shape(), data));
      }
    }
    return entries;
  }

  /** Writes the merged values of one parameter. */
  @FunctionalInterface
  private interface Merge {
    void into(Tensor out);
  }

  /** What the checkpoint holds and the model does not train or use: corrections of routers, layers for drafting. */
  private static List<TensorEntry> others(CausalLm model, Checkpoint source, List<TensorEntry> written) {
    Set<String> names = new HashSet<>();
    written.forEach(entry -> names.add(entry.name()));
    String head = List.copyOf(model.linears().keySet()).getLast() + ".weight";
    return source.names().stream()
        .filter(name -> !names.contains(name) && !(model.config().tied() && name.equals(head))
            && (model.replacedHead() == null || !name.startsWith(model.replacedHead() + ".")))
        .map(source::get).toList();
  }

  private static void refuseUnmergeable(AdaptedLinear adapted, List<String> adapters) {
    for (String name : adapters) {
      LoraPart part = adapted instanceof LoraLinear lora ? lora.part(name) : null;
      if (part != null && part.invocation() != null) {
        throw new InvalidPlanException("The adapter '" + name + "' works only behind its invocation tokens, so it"
            + " cannot be merged. Keep it as an adapter.");
      }
      if (part != null && part.bias() != null) {
        throw new InvalidPlanException("The adapter '" + name + "' has lora_bias at " + part.a().name()
            + ", which cannot be merged into a projection without bias. Keep it as an adapter.");
      }
    }
    if (adapted.inner() instanceof AdaptedLinear inner) {
      refuseUnmergeable(inner, adapters);
    }
  }

  private static MemorySegment plain(Backend backend, Tensor value, DType target, Arena arena) {
    if (value.dtype() == target) {
      return HostView.of(backend, value, arena);
    }
    try (Scope scope = new Scope(backend)) {
      Tensor out = scope.tensor(target, value.shape());
      backend.cast(value, out);
      return download(backend, out, arena);
    }
  }

  private static MemorySegment sum(Backend backend, long[] shape, Merge merge, DType target, Arena arena) {
    try (Scope scope = new Scope(backend)) {
      Tensor sum = scope.floats(shape);
      merge.into(sum);
      Tensor out = sum;
      if (target != DType.F32) {
        out = scope.tensor(target, sum.shape());
        backend.cast(sum, out);
      }
      return download(backend, out, arena);
    }
  }

  private static MemorySegment download(Backend backend, Tensor value, Arena arena) {
    MemorySegment copy = arena.allocate(value.bytes(), 64);
    backend.download(value, copy);
    return copy;
  }

  private static DType largest(List<TensorEntry> weights) {
    TensorEntry best = weights.getFirst();
    for (TensorEntry entry : weights) {
      best = entry.elements() > best.elements() ? entry : best;
    }
    return best.dtype();
  }

  private static ObjectNode config(CausalLm model, DType stored) {
    ObjectNode json = model.source().root().json();
    grow(model, json);
    // Old readers know torch_dtype, new ones dtype: the key that is there stays the key.
    json.put(json.has("torch_dtype") ? "torch_dtype" : "dtype", stored.torchName());
    if (json.has("torch_dtype") && json.has("dtype")) {
      json.put("dtype", stored.torchName());
    }
    return json;
  }

  /** A model with added blocks says so: their number, and what there is for each of them. */
  private static void grow(CausalLm model, ObjectNode json) {
    DecoderConfig before = Families.of(model.source()).config(model.source());
    int blocks = model.config().layerCount();
    if (blocks == before.layerCount()) {
      return;
    }
    List<Integer> sources = new BlockExpansion(blocks - before.layerCount()).sources(before);
    for (String key : List.of("num_hidden_layers", "n_layer", "num_layers")) {
      if (json.has(key)) {
        json.put(key, blocks);
      }
    }
    if (json.path("layer_types") instanceof ArrayNode types) {
      ArrayNode grown = json.putArray("layer_types");
      sources.forEach(source -> grown.add(types.get(source)));
    }
  }

  static void copyCompanions(Path from, Path to) throws IOException {
    for (String name : COMPANIONS) {
      if (Files.isRegularFile(from.resolve(name))) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path templates = from.resolve("additional_chat_templates");
    if (Files.isDirectory(templates)) {
      Files.createDirectories(to.resolve("additional_chat_templates"));
      try (Stream<Path> files = Files.list(templates)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.copy(file, to.resolve("additional_chat_templates").resolve(String.valueOf(file.getFileName())),
              StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
