package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** EXAONE 4 (arXiv 2507.11407): norms after each part; beside windows, full layers do not rotate. */
final class Exaone4 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("exaone4");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention = settings.attention(0).qkNorm(AttentionConfig.QkNorm.HEAD);
    MlpConfig mlp = settings.mlp(false);
    int size = settings.slidingWindow(4096);
    int every = source.optionalInt("sliding_window_pattern", 0, ConfigLimits.LAYERS).orElse(4);
    IntUnaryOperator window = settings.windows(size, i -> size > 0 && every > 0 && (i + 1) % every != 0);
    return settings.decoder(settings.norm(1e-5), i -> {
      int own = window.applyAsInt(i);
      return new LayerConfig(
          size > 0 && own == 0 ? attention.rope(null) : attention.window(own), mlp, LayerConfig.Norms.AFTER, 1);
    });
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of(
        "post_self_attn_layernorm", "post_attention_layernorm", "post_mlp_layernorm", "post_feedforward_layernorm"));
  }
}
