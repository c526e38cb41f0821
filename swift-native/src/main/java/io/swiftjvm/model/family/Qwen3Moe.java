package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MoeConfig;
import java.util.Set;
import java.util.function.IntFunction;

/** Qwen3-MoE (arXiv 2505.09388): Qwen3 with experts. */
final class Qwen3Moe implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3_moe");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    int window = source.bool("use_sliding_window", false) ? settings.slidingWindow(4096) : 0;
    AttentionConfig attention =
        settings.attention(0).bias(bias, bias).qkNorm(AttentionConfig.QkNorm.HEAD).window(window);
    int experts = Experts.count(source, "num_experts", "num_local_experts");
    MoeConfig moe = Experts.softmax(source, experts, Math.min(8, experts), source.bool("norm_topk_prob", false),
        settings.mlp("moe_intermediate_size", false), null);
    IntFunction<FeedForwardConfig> feedForward = Experts.sparse(source, settings.mlp(false), moe);
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, feedForward.apply(i)));
  }
}
