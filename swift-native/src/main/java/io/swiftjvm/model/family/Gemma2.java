package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Gemma 2 (arXiv 2408.00118): windows in every other layer, soft caps on scores and logits. */
final class Gemma2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(256).bias(bias, bias)
        .scale(1 / Math.sqrt(source.number("query_pre_attn_scalar", Double.MIN_NORMAL, 1e9, 256)))
        .softCap(cap(source, "attn_logit_softcapping", 50));
    IntUnaryOperator window = settings.windows(settings.slidingWindow(4096), i -> i % 2 == 0);
    return Gemmas.decoder(source, settings, LayerConfig.Norms.AROUND, i -> attention.window(window.applyAsInt(i)))
        .logits(1, cap(source, "final_logit_softcapping", 30));
  }

  /** A soft cap; null in the file is none, nothing in the file {@code fallback}. */
  static double cap(ModelConfig source, String key, double fallback) {
    boolean written = source.json().has(key);
    return source.optionalNumber(key, Double.MIN_NORMAL, 1e9).orElse(written ? 0 : fallback);
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Gemmas.NORMS);
  }
}
