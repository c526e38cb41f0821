package io.swiftjvm.hub;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What {@code generation_config.json} asks for; empty where it says nothing, so that the caller's defaults hold.
 *
 * @param doSample false asks for greedy decoding
 * @param temperature 0 or more
 * @param topK 0 (off) or more
 * @param topP above 0, at most 1
 * @param minP 0 .. 1
 * @param repetitionPenalty above 0
 * @param maxNewTokens 1 or more
 * @param eosIds tokens that end a text
 */
public record GenerationConfig(
    Optional<Boolean> doSample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalInt maxNewTokens,
    List<Integer> eosIds) {
  /** The file's name in a model folder. */
  public static final String FILE = "generation_config.json";

  /** Nothing asked for. */
  public static final GenerationConfig EMPTY = new GenerationConfig(Optional.empty(), OptionalDouble.empty(),
      OptionalInt.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalInt.empty(),
      List.of());

  private static final double SMALLEST = 1e-6;
  private static final double LARGEST = 1e6;

  /** Reads {@code file}; a value out of range is a {@link io.swiftjvm.error.ModelFormatException}. */
  public static GenerationConfig read(Path file) {
    ConfigSection json = ConfigSection.read(file);
    return new GenerationConfig(
        json.has("do_sample") ? Optional.of(json.bool("do_sample", false)) : Optional.empty(),
        json.optionalNumber("temperature", 0, LARGEST),
        json.optionalInt("top_k", 0, Integer.MAX_VALUE),
        json.optionalNumber("top_p", SMALLEST, 1),
        json.optionalNumber("min_p", 0, 1),
        json.optionalNumber("repetition_penalty", SMALLEST, LARGEST),
        json.optionalInt("max_new_tokens", 1, ConfigLimits.POSITIONS),
        json.ints("eos_token_id", 0, Integer.MAX_VALUE));
  }
}
