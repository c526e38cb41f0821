package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Qwen3, dense (arXiv 2505.09388): norms on queries and keys, heads of 128 unless said otherwise. */
final class Qwen3 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(128).bias(bias, bias).qkNorm(AttentionConfig.QkNorm.HEAD);
    MlpConfig mlp = settings.mlp(false);
    IntUnaryOperator window = settings.switchedWindow();
    return settings.decoder(
        settings.norm(1e-6), i -> LayerConfig.of(attention.window(window.applyAsInt(i)), mlp));
  }
}
