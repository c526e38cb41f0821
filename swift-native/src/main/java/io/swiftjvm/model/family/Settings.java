package io.swiftjvm.model.family;

import io.swiftjvm.backend.Unary;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import io.swiftjvm.model.RopeSpec;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Reads what the Llama-like families have in common; each family passes in what is its own. */
final class Settings {
  /** What a family decides about its attention. */
  record Own(int defaultHeadDim, boolean qkvBias, boolean outputBias, boolean qkNorm, boolean mlpBias) {}

  /** Columns of all heads together. */
  private static final int HEAD_COLUMNS = ConfigLimits.WIDTH;

  private Settings() {}

  static DecoderConfig decoder(ModelConfig source, Own own, IntUnaryOperator window) {
    refuseUnsupported(source);
    int hidden = source.positiveInt("hidden_size", ConfigLimits.WIDTH);
    int maxPositions = source.positiveInt("max_position_embeddings", ConfigLimits.POSITIONS);
    AttentionConfig attention = attention(source, hidden, own);
    RopeSpec rope = Ropes.read(source, attention.headDim(), maxPositions);
    MlpConfig mlp =
        new MlpConfig(source.positiveInt("intermediate_size", ConfigLimits.WIDTH), activation(source), own.mlpBias());
    NormConfig norm = new NormConfig((float) source.number("rms_norm_eps", Double.MIN_NORMAL, 1, 1e-6), 0);
    List<LayerConfig> layers =
        IntStream.range(0, layers(source)).mapToObj(i -> new LayerConfig(window.applyAsInt(i), rope)).toList();
    return new DecoderConfig(source.modelType(), source.positiveInt("vocab_size", ConfigLimits.VOCABULARY), hidden,
        attention, mlp, norm, layers, 1, tied(source), maxPositions);
  }

  static int layers(ModelConfig source) {
    return source.positiveInt("num_hidden_layers", ConfigLimits.LAYERS);
  }

  /**
   * Windows of the Qwen families: behind {@code use_sliding_window}, by {@code layer_types} or {@code
   * max_window_layers}.
   */
  static IntUnaryOperator switchedWindow(ModelConfig source) {
    int layers = layers(source);
    List<String> types = source.layerTypes(layers);
    for (String type : types) {
      if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
        throw source.refusal("layer_types", "a list of full_attention and sliding_attention");
      }
    }
    int window = source.bool("use_sliding_window", false)
        ? source.optionalInt("sliding_window", 1, ConfigLimits.POSITIONS).orElse(0) : 0;
    int first = source.optionalInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(28);
    return i -> (types.isEmpty() ? i >= first : types.get(i).equals("sliding_attention")) ? window : 0;
  }

  private static AttentionConfig attention(ModelConfig source, int hidden, Own own) {
    int heads = source.positiveInt("num_attention_heads", ConfigLimits.HEADS);
    int kvHeads = source.positiveInt("num_key_value_heads", ConfigLimits.HEADS, heads);
    if (heads % kvHeads != 0) {
      throw source.refusal("num_key_value_heads", "a divisor of num_attention_heads = " + heads);
    }
    int headDim = own.defaultHeadDim();
    if (source.has("head_dim")) {
      headDim = source.positiveInt("head_dim", ConfigLimits.WIDTH);
    } else if (headDim == 0) {
      if (hidden % heads != 0) {
        throw source.refusal(
            "num_attention_heads", "a divisor of hidden_size = " + hidden + " when head_dim is missing");
      }
      headDim = hidden / heads;
    }
    if ((long) heads * headDim > HEAD_COLUMNS) {
      throw source.refusal("head_dim", "at most " + HEAD_COLUMNS / heads + " with " + heads + " heads");
    }
    float scale = (float) (1 / Math.sqrt(headDim));
    return new AttentionConfig(heads, kvHeads, headDim, scale, 0, own.qkvBias(), own.outputBias(), own.qkNorm());
  }

  private static Unary activation(ModelConfig source) {
    return switch (source.optionalString("hidden_act").orElse("silu")) {
      case "silu", "swish" -> Unary.SILU;
      case "gelu" -> Unary.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Unary.GELU_TANH;
      case "relu" -> Unary.RELU;
      default -> throw source.refusal(
          "hidden_act", "silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast or relu");
    };
  }

  private static boolean tied(ModelConfig source) {
    return source.bool("tie_word_embeddings", source.root().bool("tie_word_embeddings", false));
  }

  private static void refuseUnsupported(ModelConfig source) {
    if (source.quantMethod().isPresent()) {
      String key = source.root().has("quantization_config") || source.has("quantization_config")
          ? "quantization_config" : "compression_config";
      throw (source.has(key) ? source : source.root()).refusal(key, "absent: quantised weights ('"
          + source.quantMethod().get() + "') are not supported yet, take the unquantised model");
    }
    if (source.number("attention_dropout", 0, 1, 0) > 0) {
      throw source.refusal("attention_dropout", "0: dropout of attention weights is not supported");
    }
  }
}
