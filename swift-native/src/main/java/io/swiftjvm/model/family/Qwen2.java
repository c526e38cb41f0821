package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Qwen2 and Qwen2.5, dense (arXiv 2407.10671): biases on q, k and v. */
final class Qwen2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention = settings.attention(0).bias(true, false);
    MlpConfig mlp = settings.mlp(false);
    IntUnaryOperator window = settings.switchedWindow();
    return settings.decoder(
        settings.norm(1e-6), i -> LayerConfig.of(attention.window(window.applyAsInt(i)), mlp));
  }
}
