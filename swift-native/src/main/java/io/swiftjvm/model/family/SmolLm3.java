package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import java.util.List;
import java.util.Set;

/** SmolLM3: every few layers do not rotate. */
final class SmolLm3 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("smollm3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).defaultTheta(2e6).tiedByDefault();
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.attention(0).bias(bias, bias);
    MlpConfig mlp = settings.mlp(source.bool("mlp_bias", false));
    List<Integer> rotated = source.ints("no_rope_layers", 0, 1);
    int every = source.positiveInt("no_rope_layer_interval", ConfigLimits.LAYERS, 4);
    if (!rotated.isEmpty() && rotated.size() != settings.layers()) {
      throw source.refusal("no_rope_layers", "a list of " + settings.layers() + " entries, one for each layer");
    }
    int window = source.bool("use_sliding_window", false) ? settings.slidingWindow(0) : 0;
    var windows = settings.windows(window, i -> !rotates(rotated, every, i));
    return settings.decoder(settings.norm(1e-6), i -> {
      AttentionConfig own = attention.window(windows.applyAsInt(i));
      return LayerConfig.of(rotates(rotated, every, i) ? own : own.rope(null), mlp);
    });
  }

  private static boolean rotates(List<Integer> rotated, int every, int layer) {
    return rotated.isEmpty() ? (layer + 1) % every != 0 : rotated.get(layer) == 1;
  }
}
