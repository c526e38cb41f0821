package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DecoderConfig.EmbeddingConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** MiniCPM (arXiv 2404.06395): factors on embeddings, residuals and logits that depend on the size. */
final class MiniCpm implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("minicpm");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(0).bias(bias, bias);
    MlpConfig mlp = settings.mlp(false);
    double depth = source.number("scale_depth", Double.MIN_NORMAL, 1e9, 1);
    float residual = (float) (depth / Math.sqrt(settings.layers()));
    double base = source.number("dim_model_base", 1, 1e9, 1);
    return settings.decoder(
            settings.norm(1e-6), i -> new LayerConfig(attention, mlp, LayerConfig.Norms.BEFORE, residual))
        .embedding(new EmbeddingConfig((float) source.number("scale_emb", Double.MIN_NORMAL, 1e9, 1), false))
        .logits(base / settings.hidden(), 0);
  }
}
