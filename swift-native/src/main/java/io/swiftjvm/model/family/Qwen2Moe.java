package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.MoeConfig;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/** Qwen1.5-MoE and Qwen2-MoE (arXiv 2407.10671): experts, and a shared one behind a gate. */
final class Qwen2Moe implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen2_moe");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    AttentionConfig attention = settings.attention(0).bias(source.bool("qkv_bias", true), false);
    int experts = Experts.count(source, "num_experts", "num_local_experts");
    MoeConfig moe = Experts.softmax(source, experts, Math.min(4, experts), source.bool("norm_topk_prob", false),
        settings.mlp("moe_intermediate_size", false), settings.mlp("shared_expert_intermediate_size", false));
    IntFunction<FeedForwardConfig> feedForward = Experts.sparse(source, settings.mlp(false), moe);
    int last = source.optionalInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(28);
    IntUnaryOperator window = settings.windows(
        source.bool("use_sliding_window", false) ? settings.slidingWindow(4096) : 0, i -> i % 2 == 0 && i < last);
    return settings.decoder(settings.norm(1e-6),
        i -> LayerConfig.of(attention.window(window.applyAsInt(i)), feedForward.apply(i)));
  }
}
