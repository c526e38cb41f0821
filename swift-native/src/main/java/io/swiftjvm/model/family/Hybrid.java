package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.MixerConfig;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/** Layers of Qwen3-Next and Qwen3.5: linear attention, and every few of them gated attention. */
final class Hybrid {
  private static final String LINEAR = "linear_attention";

  private Hybrid() {}

  static IntFunction<MixerConfig> mixers(ModelConfig source, Settings settings, boolean fused) {
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.rotatedPart(0.25).attention(256).bias(bias, bias)
        .qkNorm(AttentionConfig.QkNorm.HEAD).gated(true);
    int keyHeads = source.positiveInt("linear_num_key_heads", ConfigLimits.HEADS, 16);
    int valueHeads = source.positiveInt("linear_num_value_heads", ConfigLimits.HEADS, 32);
    if (valueHeads % keyHeads != 0) {
      throw source.refusal("linear_num_value_heads", "a multiple of linear_num_key_heads = " + keyHeads);
    }
    DeltaNetConfig delta = new DeltaNetConfig(keyHeads, valueHeads,
        source.positiveInt("linear_key_head_dim", ConfigLimits.WIDTH, 128),
        source.positiveInt("linear_value_head_dim", ConfigLimits.WIDTH, 128),
        source.positiveInt("linear_conv_kernel_dim", ConfigLimits.HEADS, 4), fused);
    List<String> types = settings.layerTypes(Set.of(LINEAR, "full_attention"));
    int every = source.positiveInt("full_attention_interval", ConfigLimits.LAYERS, 4);
    return i -> (types.isEmpty() ? (i + 1) % every != 0 : types.get(i).equals(LINEAR)) ? delta : attention;
  }
}
