package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Map;
import java.util.Set;

/** StarCoder2 (arXiv 2402.19173): layer norms, biases, a plain feed-forward part. */
final class StarCoder2 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("starcoder2");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).tiedByDefault();
    boolean bias = source.bool("use_bias", true);
    AttentionConfig attention = settings.attention(0).bias(bias, bias).window(settings.slidingWindow(0));
    MlpConfig mlp = new MlpConfig(settings.mlp(bias).width(), settings.activation("hidden_act", "gelu_pytorch_tanh"),
        bias, MlpConfig.Form.PLAIN);
    NormConfig norm =
        new NormConfig((float) source.number("norm_epsilon", Double.MIN_NORMAL, 1, 1e-5), 0, true, true);
    return settings.decoder(norm, i -> LayerConfig.of(attention, mlp));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of("mlp.up_proj", "mlp.c_fc", "mlp.down_proj", "mlp.c_proj"));
  }
}
