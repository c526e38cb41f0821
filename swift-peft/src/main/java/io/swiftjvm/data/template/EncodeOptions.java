package io.swiftjvm.data.template;

import io.swiftjvm.error.InvalidPlanException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How rows are encoded, by ms-swift's names.
 *
 * @param useChatTemplate false = plain text between bos and eos
 * @param defaultSystem replaces the template's own default; "" = none; null = the template's
 * @param lossScale default, last_round or all, and what weighs parts of answers: ignore_empty_think,
 *     ignore_think_prefix, hermes, react, alpha_umi, qwen, agentflan; several joined by {@code +}
 * @param binaryLossScale weights of messages only decide trained or not
 * @param maxLength longest row; 0 = any
 * @param truncation what happens to longer rows
 * @param addNonThinkingPrefix put an empty think block before answers without one
 * @param preserveThinking keep the thoughts of earlier answers; null = where they are trained
 * @param enableThinking thinking mode of a prompt; null = off for hybrid templates
 * @param responsePrefix opens the answer of a prompt; null = by thinking mode
 * @param upstreamCompatible repeat what ms-swift does where that is a fault; see {@link RowEncoder}
 * @param today the date that some templates write into their system text
 */
public record EncodeOptions(
    boolean useChatTemplate, @Nullable String defaultSystem, String lossScale, boolean binaryLossScale, int maxLength,
    Truncation truncation, boolean addNonThinkingPrefix, @Nullable Boolean preserveThinking,
    @Nullable Boolean enableThinking, @Nullable String responsePrefix, boolean upstreamCompatible, LocalDate today) {
  private static final Set<String> STRATEGIES = Set.of("default", "last_round", "all");

  /** What happens to rows above the length limit. */
  public enum Truncation {
    /** The row is an error, and so dropped or refused. */
    DELETE,
    /** The first tokens go. */
    LEFT,
    /** The last tokens go. */
    RIGHT,
    /** The row becomes several. */
    SPLIT
  }

  public EncodeOptions {
    for (String word : lossScale.split("\\+", -1)) {
      if (!STRATEGIES.contains(word)) {
        LossFilter.of(word);
      }
    }
    if (maxLength < 0) {
      throw new InvalidPlanException("max_length is " + maxLength + "; it must be 0 (any) or more.");
    }
  }

  /** ms-swift's defaults. */
  public static EncodeOptions defaults() {
    return new EncodeOptions(true, null, "default", true, 0, Truncation.DELETE, true, null, null, null, false,
        LocalDate.now(java.time.ZoneId.systemDefault()));
  }

  /** default, last_round or all. */
  public String base() {
    String first = lossScale.split("\\+", -1)[0];
    return STRATEGIES.contains(first) ? first : "default";
  }

  /** Names behind the plus. */
  public List<String> filters() {
    return Arrays.stream(lossScale.split("\\+", -1)).filter(word -> !STRATEGIES.contains(word)).toList();
  }

  /** True if the strategy itself gives weights other than 0 and 1. */
  public boolean weighs() {
    return filters().stream().anyMatch(name -> LossFilter.of(name).weighs());
  }

  public EncodeOptions useChatTemplate(boolean v) {
    return new EncodeOptions(v, defaultSystem, lossScale, binaryLossScale, maxLength, truncation, addNonThinkingPrefix,
        preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions defaultSystem(@Nullable String v) {
    return new EncodeOptions(useChatTemplate, v, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions lossScale(String v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, v, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions binaryLossScale(boolean v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, v, maxLength, truncation, addNonThinkingPrefix,
        preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions maxLength(int v, Truncation how) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, v, how, addNonThinkingPrefix,
        preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions addNonThinkingPrefix(boolean v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation, v,
        preserveThinking, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions preserveThinking(@Nullable Boolean v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, v, enableThinking, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions enableThinking(@Nullable Boolean v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, v, responsePrefix, upstreamCompatible, today);
  }

  public EncodeOptions responsePrefix(@Nullable String v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, enableThinking, v, upstreamCompatible, today);
  }

  public EncodeOptions upstreamCompatible(boolean v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, enableThinking, responsePrefix, v, today);
  }

  public EncodeOptions today(LocalDate v) {
    return new EncodeOptions(useChatTemplate, defaultSystem, lossScale, binaryLossScale, maxLength, truncation,
        addNonThinkingPrefix, preserveThinking, enableThinking, responsePrefix, upstreamCompatible, v);
  }
}
