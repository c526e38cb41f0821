package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DecoderConfig.EmbeddingConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.LayerConfig.Norms;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import java.util.Map;
import java.util.function.IntFunction;

/** What the three generations of Gemma share: norms that multiply by 1 + weight, and scaled embeddings. */
final class Gemmas {
  /** Four norms a layer. */
  static final Map<String, String> NORMS = Map.of("post_self_attn_layernorm", "post_attention_layernorm",
      "post_attention_layernorm", "pre_feedforward_layernorm", "post_mlp_layernorm", "post_feedforward_layernorm");

  private Gemmas() {}

  static DecoderConfig decoder(
      ModelConfig source, Settings settings, Norms norms, IntFunction<AttentionConfig> attention) {
    if (source.json().path("use_bidirectional_attention").asBoolean(false)) {
      throw source.refusal("use_bidirectional_attention", "false: embedding models of this kind are not supported yet");
    }
    String key = source.has("hidden_activation") ? "hidden_activation" : "hidden_act";
    // "gelu" in old files means the tanh approximation too.
    boolean legacy = source.optionalString(key).orElse("gelu").equals("gelu");
    MlpConfig mlp = MlpConfig.gated(settings.mlp(false).width(),
        settings.activation(legacy ? "no_activation" : key, "gelu_pytorch_tanh"), false);
    NormConfig norm = new NormConfig(settings.norm(1e-6).eps(), 1, false, false);
    return settings.tiedByDefault().decoder(norm, i -> new LayerConfig(attention.apply(i), mlp, norms, 1))
        .embedding(new EmbeddingConfig((float) Math.sqrt(settings.hidden()), false));
  }
}
