package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import java.util.Set;
import java.util.function.IntFunction;

/** Qwen3.5, the language part, dense: linear attention in most layers (arXiv 2412.06464). */
final class Qwen35 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3_5", "qwen3_5_text");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    IntFunction<MixerConfig> mixer = Hybrid.mixers(source, settings, false);
    MlpConfig mlp = settings.mlp(false);
    NormConfig norm = settings.norm(1e-6);
    return settings.decoder(
        new NormConfig(norm.eps(), 1, false, false), i -> LayerConfig.of(mixer.apply(i), mlp));
  }

  /** The layers that foretell more than one token are for drafting, not for this pass. */
  @Override
  public boolean ignores(String tensor) {
    return tensor.startsWith("mtp.") || Family.super.ignores(tensor);
  }
}
