package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DecoderConfig.EmbeddingConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** Granite 3 dense: factors on embeddings, scores, residuals and logits. */
final class Granite implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("granite");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(0).bias(bias, bias)
        .scale(source.number("attention_multiplier", Double.MIN_NORMAL, 1e9, 1));
    MlpConfig mlp = settings.mlp(source.bool("mlp_bias", false));
    float residual = (float) source.number("residual_multiplier", Double.MIN_NORMAL, 1e9, 1);
    return settings.decoder(
            settings.norm(1e-6), i -> new LayerConfig(attention, mlp, LayerConfig.Norms.BEFORE, residual))
        .embedding(new EmbeddingConfig((float) source.number("embedding_multiplier", Double.MIN_NORMAL, 1e9, 1), false))
        .logits(1 / source.number("logits_scaling", Double.MIN_NORMAL, 1e9, 1), 0);
  }
}
