package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Command R7B and Command A: like Cohere, with windows, and only layers with one rotate. */
final class Cohere2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("cohere2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).interleaved(true).tiedByDefault();
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(0).bias(bias, bias);
    MlpConfig mlp = settings.mlp(false);
    int every = source.positiveInt("sliding_window_pattern", ConfigLimits.LAYERS, 4);
    IntUnaryOperator window = settings.windows(settings.slidingWindow(4096), i -> (i + 1) % every != 0);
    return settings.decoder(Cohere.norm(source), i -> {
      int own = window.applyAsInt(i);
      return new LayerConfig(
          own == 0 ? attention.rope(null) : attention.window(own), mlp, LayerConfig.Norms.PARALLEL, 1);
    }).logits(source.number("logit_scale", Double.MIN_NORMAL, 1e9, 0.0625), 0);
  }
}
