package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import java.util.Set;

/** Qwen3, dense (arXiv 2505.09388): norms on queries and keys, heads of 128 unless said otherwise. */
final class Qwen3 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    boolean bias = source.bool("attention_bias", false);
    return Settings.decoder(
        source, new Settings.Own(128, bias, bias, true, false), Settings.switchedWindow(source));
  }
}
