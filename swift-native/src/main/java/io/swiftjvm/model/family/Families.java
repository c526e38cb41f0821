package io.swiftjvm.model.family;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The families that can be loaded: our own, and those registered as services. */
public final class Families {
  private static final List<Family> OWN = List.of(new Qwen3(), new Qwen3Moe(), new Qwen3Next(), new Qwen35(),
      new Qwen2(), new Qwen2Moe(), new Llama(), new Mistral(), new Mixtral(), new Gemma(), new Gemma2(), new Gemma3(),
      new Glm4(), new Glm4Moe(), new DeepSeek(), new Phi3(), new Granite(), new Olmo2(), new SmolLm3(), new Cohere(),
      new Cohere2(), new Exaone4(), new SeedOss(), new InternLm(), new GptOss(), new MiniCpm(), new StarCoder2(),
      new Gpt2());

  private Families() {}

  /** The family of a {@code model_type}; {@link ModelFormatException} with the supported ones when there is none. */
  public static Family of(String modelType) {
    return find(modelType).orElseThrow(() -> new ModelFormatException(refusal(modelType, "")));
  }

  /** The family of a config.json; {@link ModelFormatException} with the supported ones when there is none. */
  public static Family of(ModelConfig source) {
    String type = source.modelType();
    return find(type).orElseThrow(() -> new ModelFormatException(refusal(type, " of " + source.file())));
  }

  /** Every {@code model_type} that can be loaded, sorted. */
  public static List<String> supported() {
    TreeSet<String> types = new TreeSet<>();
    all().forEach(family -> types.addAll(family.modelTypes()));
    return List.copyOf(types);
  }

  private static Optional<Family> find(String modelType) {
    return all().filter(family -> family.modelTypes().contains(modelType)).findFirst();
  }

  private static Stream<Family> all() {
    Stream<Family> others = ServiceLoader.load(Family.class, Family.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get);
    return Stream.concat(OWN.stream(), others);
  }

  private static String refusal(String type, String where) {
    return "Cannot load model_type '" + type + "'" + where + ": supported are " + supported()
        + ". Use one of these, or register a Family for it as a service.";
  }
}
