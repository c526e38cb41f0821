package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DecoderConfig.EmbeddingConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;

/** GPT-2: learned positions, layer norms, weights stored (in,out). */
final class Gpt2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("gpt2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source, "n_embd", "n_layer", "n_positions").tiedByDefault();
    int heads = source.positiveInt("n_head", ConfigLimits.HEADS);
    int hidden = settings.hidden();
    if (hidden % heads != 0) {
      throw source.refusal("n_head", "a divisor of n_embd = " + hidden);
    }
    if (source.bool("reorder_and_upcast_attn", false)) {
      throw source.refusal("reorder_and_upcast_attn", "false");
    }
    AttentionConfig attention = AttentionConfig.of(heads, heads, hidden / heads)
        .layout(AttentionConfig.Layout.TRANSPOSED).bias(true, true);
    double scale = source.bool("scale_attn_weights", true) ? attention.scale() : 1;
    boolean byLayer = source.bool("scale_attn_by_inverse_layer_idx", false);
    MlpConfig mlp = new MlpConfig(source.positiveInt("n_inner", ConfigLimits.WIDTH, 4 * hidden),
        settings.activation("activation_function", "gelu_new"), true, MlpConfig.Form.PLAIN_TRANSPOSED);
    NormConfig norm =
        new NormConfig((float) source.number("layer_norm_epsilon", Double.MIN_NORMAL, 1, 1e-5), 0, true, true);
    return settings.decoder(norm, i -> LayerConfig.of(attention.scale(byLayer ? scale / (i + 1) : scale), mlp))
        .embedding(new EmbeddingConfig(1, true));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return new WeightNames("transformer.wte", "transformer.wpe", "transformer.ln_f", "lm_head", "transformer.h.",
        Map.of("input_layernorm", "ln_1", "post_attention_layernorm", "ln_2", "self_attn.qkv_proj", "attn.c_attn",
            "self_attn.o_proj", "attn.c_proj", "mlp.up_proj", "mlp.c_fc", "mlp.down_proj", "mlp.c_proj"));
  }

  /** Old checkpoints hold the causal mask. */
  @Override
  public boolean ignores(String tensor) {
    return tensor.endsWith(".attn.bias") || tensor.endsWith(".attn.masked_bias");
  }
}
