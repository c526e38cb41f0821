package io.swiftjvm.model.family;

import io.swiftjvm.autograd.RouterSpec;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/** GLM-4.5 (arXiv 2508.06471): experts chosen by sigmoids, as in DeepSeek-V3. */
final class Glm4Moe implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("glm4_moe");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).rotatedPart(0.5);
    AttentionConfig plain = settings.attention(0).bias(source.bool("attention_bias", false), false);
    AttentionConfig attention =
        source.bool("use_qk_norm", false) ? plain.qkNorm(AttentionConfig.QkNorm.HEAD) : plain;
    IntFunction<FeedForwardConfig> feedForward = Experts.grouped(source, settings.mlp(false),
        settings.mlp("moe_intermediate_size", false), RouterSpec.Score.SIGMOID, 1);
    return settings.decoder(settings.norm(1e-5), i -> LayerConfig.of(attention, feedForward.apply(i)));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of("mlp.shared_expert.", "mlp.shared_experts."));
  }

  /** The layers behind the last one foretell more than one token; they are for drafting. */
  @Override
  public boolean ignores(ModelConfig source, String tensor) {
    int layers = source.positiveInt("num_hidden_layers", ConfigLimits.LAYERS);
    return tensor.startsWith("model.layers." + layers + ".") || ignores(tensor);
  }
}
