package io.swiftjvm.hub;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.ModelFormatException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model folder: {@code model.safetensors}, or the shards of {@code model.safetensors.index.json}.
 * Shards are mapped when a tensor of theirs is first asked for, and stay mapped until {@link #close()}.
 *
 * {@snippet :
 * try (Checkpoint weights = Checkpoint.open(Path.of("Qwen3-0.6B"))) {
 *   TensorEntry embedding = weights.get("model.embed_tokens.weight");
 *   System.out.println(embedding);
 * }
 * }
 *
 * <p>May be used from any thread. Pickled weights ({@code .bin}, {@code .pt}, {@code .pth}, {@code .ckpt}) are refused,
 * since reading them means running them.
 */
public final class Checkpoint implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String[] PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl"};
  private static final String[] OTHER = {".safetensors", ".gguf", ".h5", ".msgpack", ".onnx"};

  private final Path folder;
  private final Map<String, Path> weights;
  private final Map<Path, SafetensorsFile> open = new HashMap<>();
  private boolean closed;

  private Checkpoint(Path folder, Map<String, Path> weights) {
    this.folder = folder;
    this.weights = weights;
  }

  /** True if {@code folder} has files of weights, of whatever format; false for one that only has a config. */
  public static boolean isPresent(Path folder) {
    ModelFolder files = ModelFolder.of(folder);
    return files.find(SINGLE).isPresent() || files.find(ShardIndex.FILE).isPresent() || !files.list(PICKLED).isEmpty()
        || !files.list(OTHER).isEmpty();
  }

  /** Opens the weights in {@code folder}; {@link ModelFormatException} when there are none or they are damaged. */
  public static Checkpoint open(Path folder) {
    ModelFolder files = ModelFolder.of(folder);
    Path single = files.find(SINGLE).orElse(null);
    if (single != null) {
      SafetensorsFile file = SafetensorsFile.open(single);
      Map<String, Path> weights = LinkedHashMap.newLinkedHashMap(file.names().size());
      file.names().forEach(name -> weights.put(name, single));
      Checkpoint checkpoint = new Checkpoint(folder, weights);
      checkpoint.open.put(single, file);
      return checkpoint;
    }
    Path index = files.find(ShardIndex.FILE).orElseThrow(() -> noWeights(files));
    return new Checkpoint(folder, ShardIndex.read(files, index));
  }

  private static ModelFormatException noWeights(ModelFolder files) {
    String asked = "Cannot load weights from " + files.path() + ": ";
    List<String> pickled = files.list(PICKLED);
    if (!pickled.isEmpty()) {
      return new ModelFormatException(asked + "found only pickled weights, " + pickled.getFirst()
          + ", which can run code when read. Convert them in Python with"
          + " AutoModelForCausalLM.from_pretrained(dir).save_pretrained(out, safe_serialization=True).");
    }
    return new ModelFormatException(asked + "there is neither " + SINGLE + " nor " + ShardIndex.FILE + ", found "
        + files.list(OTHER) + ". Convert the model to safetensors as transformers saves it.");
  }

  /** The folder the weights come from. */
  public Path folder() {
    return folder;
  }

  /** Names of all tensors. */
  public List<String> names() {
    return List.copyOf(weights.keySet());
  }

  /** True when the checkpoint lists {@code name}. */
  public boolean contains(String name) {
    return weights.containsKey(name);
  }

  /** Those of {@code wanted} that the checkpoint lacks, sorted. */
  public List<String> missing(Collection<String> wanted) {
    TreeSet<String> missing = new TreeSet<>(wanted);
    missing.removeAll(weights.keySet());
    return List.copyOf(missing);
  }

  /** Tensors of the checkpoint that are not in {@code wanted}, sorted. */
  public List<String> unexpected(Collection<String> wanted) {
    TreeSet<String> rest = new TreeSet<>(weights.keySet());
    wanted.forEach(rest::remove);
    return List.copyOf(rest);
  }

  /** The tensor called {@code name}, not copied; {@link ModelFormatException} when there is none. */
  public synchronized TensorEntry get(String name) {
    if (closed) {
      throw new IllegalStateException("the checkpoint " + folder + " was used after it was closed");
    }
    Path shard = weights.get(name);
    if (shard == null) {
      throw new ModelFormatException("No tensor '" + StrictJson.shown(name) + "' in " + folder + ", which holds "
          + weights.size() + " tensors: " + NameHints.nearest(name, weights.keySet())
          + ". The weights do not belong to this config.json, or the model class is wrong.");
    }
    @Nullable SafetensorsFile file = open.get(shard);
    if (file == null) {
      file = SafetensorsFile.open(shard);
      open.put(shard, file);
    }
    return file.entry(name);
  }

  /** True until {@link #close()}. */
  public synchronized boolean isOpen() {
    return !closed;
  }

  /** Unmaps everything; tensors taken from here must not be used any more. Closing twice is allowed. */
  @Override
  public synchronized void close() {
    closed = true;
    try {
      Closing.each(open.values(), SafetensorsFile::close);
    } finally {
      open.clear();
    }
  }
}
