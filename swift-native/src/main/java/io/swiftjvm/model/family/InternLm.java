package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;

/** InternLM2 (arXiv 2403.17297), which stores q, k and v together by key head, and InternLM3, which is like Llama. */
final class InternLm implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("internlm2", "internlm3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source);
    boolean second = source.modelType().equals("internlm2");
    boolean bias = source.bool("bias", false);
    AttentionConfig plain = settings.attention(0);
    AttentionConfig attention = second ? plain.layout(AttentionConfig.Layout.GROUPED).bias(bias, bias)
        : plain.bias(source.bool("qkv_bias", false), bias);
    MlpConfig mlp = settings.mlp(!second && bias);
    return settings.decoder(settings.norm(1e-6), i -> LayerConfig.of(attention, mlp));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return source.modelType().equals("internlm3") ? WeightNames.LLAMA
        : new WeightNames("model.tok_embeddings", "", "model.norm", "output", "model.layers.",
            Map.of("self_attn.qkv_proj", "attention.wqkv", "self_attn.o_proj", "attention.wo", "input_layernorm",
                "attention_norm", "post_attention_layernorm", "ffn_norm", "mlp.gate_proj", "feed_forward.w1",
                "mlp.up_proj", "feed_forward.w3", "mlp.down_proj", "feed_forward.w2"));
  }
}
