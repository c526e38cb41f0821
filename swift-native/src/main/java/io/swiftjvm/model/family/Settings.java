package io.swiftjvm.model.family;

import io.swiftjvm.backend.Unary;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DecoderConfig.EmbeddingConfig;
import io.swiftjvm.model.DecoderConfig.HeadConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.NormConfig;
import io.swiftjvm.model.RopeSpec;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Reads what families have in common from a config.json, checked; each family puts in what is its own. */
final class Settings {
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";

  private final ModelConfig source;
  private final int hidden;
  private final int layers;
  private final int maxPositions;
  private double defaultTheta = 10_000;
  private double rotatedPart = 1;
  private boolean interleaved;
  private boolean tied;

  private Settings(ModelConfig source, String hidden, String layers, String positions) {
    this.source = source;
    checkUnused(source);
    this.hidden = source.positiveInt(hidden, ConfigLimits.WIDTH);
    this.layers = source.positiveInt(layers, ConfigLimits.LAYERS);
    this.maxPositions = source.positiveInt(positions, ConfigLimits.POSITIONS);
  }

  /** The settings under their usual names. */
  static Settings of(ModelConfig source) {
    return new Settings(source, "hidden_size", "num_hidden_layers", "max_position_embeddings");
  }

  /** The sizes under other names. */
  static Settings of(ModelConfig source, String hidden, String layers, String positions) {
    return new Settings(source, hidden, layers, positions);
  }

  /** The base of the rotation where the file has none. */
  Settings defaultTheta(double theta) {
    defaultTheta = theta;
    return this;
  }

  /** The part of a head that is rotated where the file does not say. */
  Settings rotatedPart(double part) {
    rotatedPart = part;
    return this;
  }

  /** Pairs of the rotation are neighbours. */
  Settings interleaved(boolean on) {
    interleaved = on;
    return this;
  }

  /** Whether the output projection is the token table where the file does not say. */
  Settings tiedByDefault() {
    tied = true;
    return this;
  }

  int hidden() {
    return hidden;
  }

  int layers() {
    return layers;
  }

  int maxPositions() {
    return maxPositions;
  }

  /** Heads of {@code head_dim}, or of {@code defaultHeadDim}, or that share the hidden size if that is 0; rotated. */
  AttentionConfig attention(int defaultHeadDim) {
    AttentionConfig plain = unrotated(defaultHeadDim);
    return plain.rope(rope("", plain.headDim()));
  }

  /** {@link #attention} without the rotation. */
  AttentionConfig unrotated(int defaultHeadDim) {
    int heads = source.positiveInt("num_attention_heads", ConfigLimits.HEADS);
    int kvHeads = source.positiveInt("num_key_value_heads", ConfigLimits.HEADS, heads);
    if (heads % kvHeads != 0) {
      throw source.refusal("num_key_value_heads", "a divisor of num_attention_heads = " + heads);
    }
    return AttentionConfig.of(heads, kvHeads, headDim(defaultHeadDim, heads));
  }

  private int headDim(int defaultHeadDim, int heads) {
    int headDim = defaultHeadDim;
    if (source.has("head_dim")) {
      headDim = source.positiveInt("head_dim", ConfigLimits.WIDTH);
    } else if (headDim == 0) {
      if (hidden % heads != 0) {
        throw source.refusal(
            "num_attention_heads", "a divisor of hidden_size = " + hidden + " when head_dim is missing");
      }
      headDim = hidden / heads;
    }
    if ((long) heads * headDim > ConfigLimits.WIDTH) {
      throw source.refusal("head_dim", "at most " + ConfigLimits.WIDTH / heads + " with " + heads + " heads");
    }
    return headDim;
  }

  /** The rotation of heads of {@code headDim} in layers of {@code layerType}; "" for all. */
  RopeSpec rope(String layerType, int headDim) {
    return Ropes.read(
        source, source.rope(layerType, defaultTheta), headDim, maxPositions, rotatedPart, interleaved);
  }

  /** RMS norms; {@code eps} where the file has none. */
  NormConfig norm(double eps) {
    return NormConfig.rms(source.number("rms_norm_eps", Double.MIN_NORMAL, 1, eps));
  }

  /** A gated part of {@code intermediate_size}. */
  MlpConfig mlp(boolean bias) {
    return mlp("intermediate_size", bias);
  }

  /** A gated part of the width under {@code key}. */
  MlpConfig mlp(String key, boolean bias) {
    return MlpConfig.gated(source.positiveInt(key, ConfigLimits.WIDTH), activation("hidden_act", "silu"), bias);
  }

  /** The activation under {@code key}. */
  Unary activation(String key, String fallback) {
    return switch (source.optionalString(key).orElse(fallback)) {
      case "silu", "swish" -> Unary.SILU;
      case "gelu" -> Unary.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Unary.GELU_TANH;
      case "relu" -> Unary.RELU;
      default -> throw source.refusal(key, "silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast or relu");
    };
  }

  /** The whole model: layers by index; what is special about its two ends is put in afterwards. */
  DecoderConfig decoder(NormConfig norm, IntFunction<LayerConfig> layer) {
    int vocabulary = source.positiveInt("vocab_size", ConfigLimits.VOCABULARY);
    boolean shared = source.bool("tie_word_embeddings", source.root().bool("tie_word_embeddings", tied));
    return new DecoderConfig(source.modelType(), vocabulary, hidden, norm,
        IntStream.range(0, layers).mapToObj(layer).toList(), EmbeddingConfig.PLAIN,
        Heads.of(source, new HeadConfig(vocabulary, 1, 0)), shared && !Heads.classifies(source), maxPositions);
  }

  /** The window of every layer whose entry in {@code layer_types} is sliding; 0 for the others. */
  IntUnaryOperator windows(int window, IntFunction<Boolean> slidingByDefault) {
    List<String> types = layerTypes(Set.of(SLIDING, FULL));
    return i -> (types.isEmpty() ? slidingByDefault.apply(i) : types.get(i).equals(SLIDING)) ? window : 0;
  }

  /** The {@code layer_types}, each one of {@code allowed}; empty when the file has none. */
  List<String> layerTypes(Set<String> allowed) {
    List<String> types = source.layerTypes(layers);
    for (String type : types) {
      if (!allowed.contains(type)) {
        throw source.refusal("layer_types", "a list of " + String.join(" and ", allowed.stream().sorted().toList()));
      }
    }
    return types;
  }

  /** Windows of the Qwen families: behind {@code use_sliding_window}, by type or {@code max_window_layers}. */
  IntUnaryOperator switchedWindow() {
    int window = source.bool("use_sliding_window", false) ? slidingWindow(0) : 0;
    int first = source.optionalInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(28);
    return windows(window, i -> i >= first);
  }

  /** {@code sliding_window}; null in the file is 0, nothing in the file {@code fallback}. */
  int slidingWindow(int fallback) {
    boolean written = source.json().has("sliding_window");
    return source.optionalInt("sliding_window", 1, ConfigLimits.POSITIONS).orElse(written ? 0 : fallback);
  }

  private static void checkUnused(ModelConfig source) {
    // Dropouts of pre-training are read, so that a wrong one is named, and not applied.
    source.number("attention_dropout", 0, 1, 0);
  }
}
