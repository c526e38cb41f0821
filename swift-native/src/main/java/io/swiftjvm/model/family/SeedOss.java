package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** Seed-OSS: Llama with biases and heads of 128. */
final class SeedOss implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("seed_oss");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention = settings.attention(128)
        .bias(source.bool("attention_bias", true), source.bool("attention_out_bias", false));
    MlpConfig mlp = settings.mlp(source.bool("mlp_bias", false));
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, mlp));
  }
}
