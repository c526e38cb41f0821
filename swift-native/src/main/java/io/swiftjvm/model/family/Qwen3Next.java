package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.MoeConfig;
import io.swiftjvm.model.NormConfig;
import java.util.Set;
import java.util.function.IntFunction;

/** Qwen3-Next: linear attention in most layers (arXiv 2412.06464), experts in all. */
final class Qwen3Next implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3_next");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    IntFunction<MixerConfig> mixer = Hybrid.mixers(source, settings, true);
    int experts = Experts.count(source, "num_experts", "num_local_experts");
    MoeConfig moe = Experts.softmax(source, experts, Math.min(10, experts), source.bool("norm_topk_prob", true),
        settings.mlp("moe_intermediate_size", false), settings.mlp("shared_expert_intermediate_size", false));
    IntFunction<FeedForwardConfig> feedForward = Experts.sparse(source, settings.mlp(false), moe);
    NormConfig norm = settings.norm(1e-6);
    return settings.decoder(new NormConfig(norm.eps(), 1, false, false),
        i -> LayerConfig.of(mixer.apply(i), feedForward.apply(i)));
  }

  /** The layers that foretell more than one token are for drafting, not for this pass. */
  @Override
  public boolean ignores(String tensor) {
    return tensor.startsWith("mtp.") || Family.super.ignores(tensor);
  }
}
