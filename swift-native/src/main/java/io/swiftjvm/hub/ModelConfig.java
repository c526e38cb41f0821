package io.swiftjvm.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The {@code config.json} of a model folder. The getters inherited from {@link ConfigSection} read the language model's
 * settings: those of {@code text_config} where there is one, else the whole file. Both the transformers-4 names
 * ({@code torch_dtype}, {@code rope_scaling}) and the transformers-5 names ({@code dtype}, {@code rope_parameters})
 * are understood. The file is data: {@code auto_map} and Python files beside it are never read.
 *
 * {@snippet :
 * ModelConfig config = ModelConfig.load(Path.of("Qwen3-0.6B"));
 * int hidden = config.positiveInt("hidden_size", ConfigLimits.WIDTH);
 * }
 */
public final class ModelConfig extends ConfigSection {
  private static final List<String> LENGTH_KEYS = List.of(
      "max_position_embeddings", "seq_length", "n_positions", "model_max_length", "max_seq_len", "max_seq_length",
      "max_sequence_length", "max_target_positions", "seq_len", "n_ctx");

  private static final List<String> QUANT_KEYS = List.of("quantization_config", "compression_config");

  private final ConfigSection root;
  private final GenerationConfig generation;

  private ModelConfig(Path file, ConfigSection root, String prefix, ObjectNode text, GenerationConfig generation) {
    super(file, prefix, text);
    this.root = root;
    this.generation = generation;
  }

  /** Reads {@code config.json} and, when there, {@code generation_config.json} of {@code folder}. */
  public static ModelConfig load(Path folder) {
    ModelFolder files = ModelFolder.of(folder);
    GenerationConfig generation =
        files.find(GenerationConfig.FILE).map(GenerationConfig::read).orElse(GenerationConfig.EMPTY);
    return read(files.file("config.json"), generation);
  }

  /** Reads one config file whatever its name. */
  public static ModelConfig read(Path file, GenerationConfig generation) {
    return of(file, StrictJson.readObject(file), generation);
  }

  /** The same model with other settings, {@code json} being the whole file. */
  public ModelConfig with(ObjectNode json) {
    return of(file(), json, generation);
  }

  private static ModelConfig of(Path file, ObjectNode json, GenerationConfig generation) {
    ConfigSection root = new ConfigSection(file, "", json);
    Optional<ConfigSection> text = root.section("text_config");
    return text.isPresent()
        ? new ModelConfig(file, root, "text_config.", text.get().json(), generation)
        : new ModelConfig(file, root, "", json, generation);
  }

  /** The whole file, also where {@code text_config} holds the language model. */
  public ConfigSection root() {
    return root;
  }

  /** The settings of {@code generation_config.json}; empty ones when there is no such file. */
  public GenerationConfig generation() {
    return generation;
  }

  /** The family: {@code model_type}, or what {@code architectures[0]} stands for. */
  public String modelType() {
    return root.optionalString("model_type")
        .or(() -> architecture().flatMap(Architectures::modelType))
        .orElseThrow(() -> root.refusal("model_type", "a string, or 'architectures' one of " + Architectures.known()));
  }

  /** {@code architectures[0]}, when there. */
  public Optional<String> architecture() {
    return root.strings("architectures").stream().findFirst();
  }

  /** Element type the weights are meant for: {@code dtype} or {@code torch_dtype}; empty when the file says nothing. */
  public Optional<DType> dtype() {
    for (ConfigSection section : List.of(this, root)) {
      for (String key : List.of("dtype", "torch_dtype")) {
        Optional<String> name = section.optionalString(key).map(n -> n.replaceFirst("^torch\\.", ""));
        if (name.isPresent()) {
          return Optional.of(Stream.of(DType.F32, DType.BF16, DType.F16, DType.F64)
              .filter(dtype -> dtype.torchName().equals(name.get()))
              .findFirst()
              .orElseThrow(() -> section.refusal(key, "float32, bfloat16, float16 or float64")));
        }
      }
    }
    return Optional.empty();
  }

  /** Tokens that end a text: those of {@code generation_config.json}, else those of {@code config.json}. */
  public List<Integer> eosIds() {
    if (!generation.eosIds().isEmpty()) {
      return generation.eosIds();
    }
    List<Integer> own = ints("eos_token_id", 0, Integer.MAX_VALUE);
    return own.isEmpty() ? root.ints("eos_token_id", 0, Integer.MAX_VALUE) : own;
  }

  /** The padding token, when there; -1 in the file stands for none. */
  public OptionalInt padId() {
    OptionalInt own = optionalInt("pad_token_id", -1, Integer.MAX_VALUE);
    OptionalInt id = own.isPresent() ? own : root.optionalInt("pad_token_id", -1, Integer.MAX_VALUE);
    return id.isPresent() && id.getAsInt() >= 0 ? id : OptionalInt.empty();
  }

  /** The longest text: the least of all keys that give one, such as {@code max_position_embeddings}. */
  public OptionalInt maxModelLen() {
    return Stream.of(this, root)
        .flatMapToInt(section -> LENGTH_KEYS.stream()
            .flatMapToInt(key -> section.optionalInt(key, 1, ConfigLimits.POSITIONS).stream()))
        .min();
  }

  /** The rope settings in one form, see {@link RopeSettings}; the base is 10,000 where the file has none. */
  public ConfigSection rope() {
    return rope("", 10_000);
  }

  /**
   * The rope settings of layers of {@code layerType}, for models that have several, else the common ones.
   *
   * @param defaultTheta the base where the file has none
   */
  public ConfigSection rope(String layerType, double defaultTheta) {
    return RopeSettings.of(this, layerType, defaultTheta);
  }

  /** The {@code layer_types} of the file; empty when there are none. Must have one entry a layer. */
  public List<String> layerTypes(int layers) {
    List<String> types = strings("layer_types");
    if (!types.isEmpty() && types.size() != layers) {
      throw refusal("layer_types", "a list of " + layers + " entries, one for each layer");
    }
    return types;
  }

  /** How the weights are quantised, such as {@code gptq}; empty when they are not. */
  public Optional<String> quantMethod() {
    return Stream.of(root, this)
        .flatMap(section -> QUANT_KEYS.stream().flatMap(key -> section.section(key).stream()))
        .map(section -> section.optionalString("quant_method").orElse("unnamed"))
        .findFirst();
  }
}
