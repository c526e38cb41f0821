package io.swiftjvm.model.family;

import io.swiftjvm.autograd.RouterSpec;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.MoeConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** gpt-oss (arXiv 2508.10925): sinks, windows in every other layer, stacked experts. Weights in MXFP4 are refused. */
final class GptOss implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("gpt_oss");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).defaultTheta(150_000);
    boolean bias = source.bool("attention_bias", true);
    AttentionConfig attention = settings.attention(64).bias(bias, bias).sinks(true);
    IntUnaryOperator window = settings.windows(settings.slidingWindow(128), i -> i % 2 == 0);
    int experts = Experts.count(source, "num_local_experts", "num_experts");
    RouterSpec router = RouterSpec.of(
        RouterSpec.Score.SOFTMAX_OF_CHOSEN, experts, Experts.topK(source, experts, Math.min(4, experts)), false);
    MlpConfig expert = settings.mlp(true);
    MoeConfig moe = new MoeConfig(router, false, expert, MoeConfig.Storage.STACKED_CLAMPED, null, false);
    return settings.decoder(
        settings.norm(1e-5), i -> LayerConfig.of(attention.window(window.applyAsInt(i)), moe));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of("mlp.gate", "mlp.router"));
  }
}
