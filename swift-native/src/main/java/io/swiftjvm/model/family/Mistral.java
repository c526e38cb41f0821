package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.Set;

/** Mistral 7B and its dense successors (arXiv 2310.06825): one window for all layers, or none. */
final class Mistral implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("mistral");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention = settings.attention(0).window(settings.slidingWindow(0));
    MlpConfig mlp = settings.mlp(false);
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, mlp));
  }
}
