package io.swiftjvm.model.family;

import io.swiftjvm.autograd.RouterSpec;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.LatentAttentionConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.RopeSpec;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/** DeepSeek-V2 and V3 (arXiv 2405.04434, 2412.19437): latent attention, experts in groups. */
final class DeepSeek implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("deepseek_v2", "deepseek_v3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    boolean third = source.modelType().equals("deepseek_v3");
    Settings settings = Settings.of(source).interleaved(!third || source.bool("rope_interleave", true));
    int heads = source.positiveInt("num_attention_heads", ConfigLimits.HEADS);
    int rotated = source.positiveInt("qk_rope_head_dim", ConfigLimits.WIDTH, 64);
    int plain = source.positiveInt("qk_nope_head_dim", ConfigLimits.WIDTH, 128);
    RopeSpec rope = settings.rope("", rotated);
    boolean direct = source.json().has("q_lora_rank") && !source.has("q_lora_rank");
    LatentAttentionConfig attention = new LatentAttentionConfig(heads,
        direct ? 0 : source.positiveInt("q_lora_rank", ConfigLimits.WIDTH, 1536),
        source.positiveInt("kv_lora_rank", ConfigLimits.WIDTH, 512), plain,
        source.positiveInt("v_head_dim", ConfigLimits.WIDTH, 128),
        (float) (Ropes.scoreFactor(source.rope()) / Math.sqrt(plain + (double) rotated)), rope,
        source.bool("attention_bias", false));
    IntFunction<FeedForwardConfig> feedForward = Experts.grouped(source,
        settings.mlp(!third && source.bool("mlp_bias", false)), settings.mlp("moe_intermediate_size", false),
        third ? RouterSpec.Score.SIGMOID : RouterSpec.Score.SOFTMAX, third ? 3 : 0);
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, feedForward.apply(i)));
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
