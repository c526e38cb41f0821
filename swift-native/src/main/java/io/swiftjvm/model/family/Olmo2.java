package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;

/** OLMo 2 (arXiv 2501.00656): norms after each part, and over all queries and keys. */
final class Olmo2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("olmo2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention =
        settings.attention(0).bias(bias, bias).qkNorm(AttentionConfig.QkNorm.WHOLE);
    MlpConfig mlp = settings.mlp(false);
    return settings.decoder(
        settings.norm(1e-5), i -> new LayerConfig(attention, mlp, LayerConfig.Norms.AFTER, 1));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of(
        "post_self_attn_layernorm", "post_attention_layernorm", "post_mlp_layernorm", "post_feedforward_layernorm"));
  }
}
