package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import java.util.Set;

/** Command R: attention and feed-forward part side by side behind one layer norm. */
final class Cohere implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("cohere");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).defaultTheta(500_000).interleaved(true).tiedByDefault();
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig plain = settings.attention(0).bias(bias, bias);
    AttentionConfig attention =
        source.bool("use_qk_norm", false) ? plain.qkNorm(AttentionConfig.QkNorm.CENTERED) : plain;
    MlpConfig mlp = settings.mlp(false);
    return settings.decoder(norm(source), i -> new LayerConfig(attention, mlp, LayerConfig.Norms.PARALLEL, 1))
        .logits(source.number("logit_scale", Double.MIN_NORMAL, 1e9, 0.0625), 0);
  }

  static NormConfig norm(ModelConfig source) {
    return new NormConfig((float) source.number("layer_norm_eps", Double.MIN_NORMAL, 1, 1e-5), 0, true, false);
  }
}
