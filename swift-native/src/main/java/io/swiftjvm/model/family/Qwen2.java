package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import java.util.Set;

/** Qwen2 and Qwen2.5, dense (arXiv 2407.10671): biases on q, k and v. */
final class Qwen2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    return Settings.decoder(
        source, new Settings.Own(0, true, false, false, false), Settings.switchedWindow(source));
  }
}
