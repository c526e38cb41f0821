package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** Llama 1 to 3.3 (arXiv 2307.09288, 2407.21783) and what is built like them. */
final class Llama implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("llama");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(0).bias(bias, bias);
    MlpConfig mlp = settings.mlp(source.bool("mlp_bias", false));
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, mlp));
  }
}
