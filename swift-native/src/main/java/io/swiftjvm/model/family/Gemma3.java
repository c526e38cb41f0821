package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.RopeScaling;
import io.swiftjvm.model.RopeSpec;
import io.swiftjvm.model.WeightNames;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Gemma 3, the language part (arXiv 2503.19786): a rotation of its own for layers with a window. */
final class Gemma3 implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma3_text", "gemma3");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    Settings settings = Settings.of(source).defaultTheta(1e6);
    boolean bias = source.bool("attention_bias", false);
    AttentionConfig attention = settings.unrotated(256).bias(bias, bias).qkNorm(AttentionConfig.QkNorm.HEAD)
        .scale(1 / Math.sqrt(source.number("query_pre_attn_scalar", Double.MIN_NORMAL, 1e9, 256)))
        .softCap(Gemma2.cap(source, "attn_logit_softcapping", 0));
    RopeSpec global = settings.rope("full_attention", attention.headDim());
    // Old files have one number for the layers with a window, which are never stretched.
    boolean modern = source.has("rope_parameters");
    RopeSpec local = modern ? settings.rope("sliding_attention", attention.headDim())
        : new RopeSpec(source.number("rope_local_base_freq", 1, Double.MAX_VALUE, 10_000), attention.headDim(), false,
            new RopeScaling.None());
    int every = source.positiveInt("sliding_window_pattern", ConfigLimits.LAYERS, 6);
    IntUnaryOperator window = settings.windows(settings.slidingWindow(4096), i -> (i + 1) % every != 0);
    return Gemmas.decoder(source, settings, LayerConfig.Norms.AROUND, i -> {
      int own = window.applyAsInt(i);
      return attention.window(own).rope(own == 0 ? global : local);
    }).logits(1, Gemma2.cap(source, "final_logit_softcapping", 0));
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Gemmas.NORMS);
  }
}
