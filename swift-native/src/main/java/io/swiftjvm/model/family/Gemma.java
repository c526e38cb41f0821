package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import java.util.Set;

/** Gemma 1 (arXiv 2403.08295). */
final class Gemma implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(256).bias(bias, bias);
    return Gemmas.decoder(source, settings, LayerConfig.Norms.BEFORE, i -> attention);
  }
}
