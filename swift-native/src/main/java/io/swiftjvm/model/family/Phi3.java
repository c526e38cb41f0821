package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** Phi-3, Phi-3.5 and Phi-4 (arXiv 2404.14219): fused projections, stretched rotations. */
final class Phi3 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("phi3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention =
        settings.attention(0).layout(AttentionConfig.Layout.FUSED).window(settings.slidingWindow(0));
    MlpConfig gated = settings.mlp(false);
    MlpConfig mlp = new MlpConfig(gated.width(), gated.activation(), false, MlpConfig.Form.GATED_FUSED);
    return settings.decoder(settings.norm(1e-5), i -> LayerConfig.of(attention, mlp));
  }
}
