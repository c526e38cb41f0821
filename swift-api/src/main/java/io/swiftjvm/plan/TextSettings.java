package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How conversations become tokens.
 *
 * @param template name of a training template ({@code qwen3}); null = the one of the model's family
 * @param agentTemplate name of a tool form ({@code react_en}); null = the template's own
 * @param system system text where a row has none; null = the template's own
 * @param maxLength longest row in tokens; null = what the model allows
 * @param truncation what happens to longer rows: delete, left, right, split
 * @param lossScale what is trained: default, last_round, all, with filters such as {@code +hermes}
 * @param binaryLossScale weights only decide trained or not
 * @param packing join rows to packs
 * @param packingLength length of a pack; null = maxLength
 * @param enableThinking thinking mode of the template; null = the template's default
 * @param upstreamCompatible repeat what ms-swift does where that is a fault
 */
public record TextSettings(
    @Nullable String template, @Nullable String agentTemplate, @Nullable String system, @Nullable Integer maxLength,
    String truncation, String lossScale, @Nullable Boolean binaryLossScale, boolean packing,
    @Nullable Integer packingLength, @Nullable Boolean enableThinking, boolean upstreamCompatible) {
  private static final List<String> TRUNCATIONS = List.of("delete", "left", "right", "split");
  static final TextSettings DEFAULT =
      new TextSettings(null, null, null, null, "delete", "default", null, false, null, null, false);

  public TextSettings {
    if (!TRUNCATIONS.contains(truncation)) {
      throw new InvalidPlanException(
          "truncation_strategy is '" + truncation + "'; it must be one of " + TRUNCATIONS + ".");
    }
    if (maxLength != null && maxLength < 2) {
      throw new InvalidPlanException("max_length is " + maxLength + "; it must be 2 or more.");
    }
    if (packingLength != null && packingLength < 2) {
      throw new InvalidPlanException("packing_length is " + packingLength + "; it must be 2 or more.");
    }
  }

  TextSettings template(@Nullable String v) {
    return new TextSettings(v, agentTemplate, system, maxLength, truncation, lossScale, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings agentTemplate(@Nullable String v) {
    return new TextSettings(template, v, system, maxLength, truncation, lossScale, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings system(@Nullable String v) {
    return new TextSettings(template, agentTemplate, v, maxLength, truncation, lossScale, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings maxLength(@Nullable Integer v) {
    return new TextSettings(template, agentTemplate, system, v, truncation, lossScale, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings truncation(String v) {
    return new TextSettings(template, agentTemplate, system, maxLength, v, lossScale, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings lossScale(String v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, v, binaryLossScale, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings binaryLossScale(@Nullable Boolean v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, lossScale, v, packing,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings packing(boolean v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, lossScale, binaryLossScale, v,
        packingLength, enableThinking, upstreamCompatible);
  }

  TextSettings packingLength(@Nullable Integer v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, lossScale, binaryLossScale,
        packing, v, enableThinking, upstreamCompatible);
  }

  TextSettings enableThinking(@Nullable Boolean v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, lossScale, binaryLossScale,
        packing, packingLength, v, upstreamCompatible);
  }

  TextSettings upstreamCompatible(boolean v) {
    return new TextSettings(template, agentTemplate, system, maxLength, truncation, lossScale, binaryLossScale,
        packing, packingLength, enableThinking, v);
  }
}
