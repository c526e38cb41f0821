package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/**
 * GLM-4 of 2024 and 2025: half of every head is rotated in pairs of neighbours; the later one has four norms a layer.
 */
final class Glm4 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("glm", "glm4");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).rotatedPart(0.5).interleaved(true);
    AttentionConfig attention = settings.attention(128).bias(source.bool("attention_bias", true), false);
    MlpConfig gated = settings.mlp(false);
    MlpConfig mlp = new MlpConfig(gated.width(), gated.activation(), false, MlpConfig.Form.GATED_FUSED);
    LayerConfig.Norms norms =
        source.modelType().equals("glm4") ? LayerConfig.Norms.AROUND : LayerConfig.Norms.BEFORE;
    return settings.decoder(settings.norm(1.5625e-7), i -> new LayerConfig(attention, mlp, norms, 1));
  }
}
