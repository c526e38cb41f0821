package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import java.util.Set;

/** Llama 1 to 3.3 (arXiv 2307.09288, 2407.21783) and what is built like them. */
final class Llama implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("llama");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    boolean bias = source.bool("attention_bias", false);
    Settings.Own own = new Settings.Own(0, bias, bias, false, source.bool("mlp_bias", false));
    return Settings.decoder(source, own, layer -> 0);
  }
}
