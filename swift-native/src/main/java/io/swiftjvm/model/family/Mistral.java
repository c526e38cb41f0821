package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import java.util.Set;

/** Mistral 7B and its dense successors (arXiv 2310.06825): one window for all layers, or none. */
final class Mistral implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("mistral");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    int window = source.optionalInt("sliding_window", 1, ConfigLimits.POSITIONS).orElse(0);
    return Settings.decoder(source, new Settings.Own(0, false, false, false, false), layer -> window);
  }
}
