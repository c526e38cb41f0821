package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MoeConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;

/** Mixtral (arXiv 2401.04088): Mistral with experts. */
final class Mixtral implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("mixtral");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).defaultTheta(1e6);
    AttentionConfig attention = settings.attention(0).window(settings.slidingWindow(0));
    int experts = Experts.count(source, "num_local_experts", "num_experts");
    MoeConfig moe = Experts.softmax(source, experts, Math.min(2, experts), true, settings.mlp(false), null);
    return settings.decoder(settings.norm(1e-5), i -> LayerConfig.of(attention, moe));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of("mlp.", "block_sparse_moe.", ".gate_proj", ".w1", ".up_proj", ".w3", ".down_proj", ".w2"));
  }
}
