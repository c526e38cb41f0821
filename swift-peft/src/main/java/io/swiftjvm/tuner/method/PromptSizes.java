package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.tuner.ConfigReader;

/** What the settings of a prompt say about the model. */
final class PromptSizes {
  private PromptSizes() {}

  /** The sizes in a file are those of its tensors, which are checked. */
  static void read(ConfigReader config) {
    config.only(1, "num_transformer_submodules");
    config.node("num_layers");
    config.node("num_attention_heads");
    config.node("token_dim");
  }

  /** Sizes for trained tokens. */
  static void tokens(ObjectNode json, CausalLm model) {
    write(json, model, model.config().layer(0).mixer().heads(), model.config().hiddenSize());
  }

  /** Sizes for trained keys. */
  static void keys(ObjectNode json, CausalLm model) {
    write(json, model, attention(model.config()).kvHeads(), keyWidth(model.config()));
  }

  private static void write(ObjectNode json, CausalLm model, int heads, int width) {
    json.put("num_layers", model.config().layerCount());
    json.put("num_attention_heads", heads);
    json.put("token_dim", width);
    json.put("num_transformer_submodules", 1);
  }

  /** Columns of the keys, which must be the same in every layer. */
  static int keyWidth(DecoderConfig config) {
    int width = attention(config).keyWidth();
    for (LayerConfig layer : config.layers()) {
      Ranges.check(layer.mixer() instanceof AttentionConfig attention && attention.keyWidth() == width,
          "Prefix tuning needs plain attention of one width in every layer, which " + config.modelType()
              + " does not have. Use prompt tuning.");
    }
    return width;
  }

  private static AttentionConfig attention(DecoderConfig config) {
    if (config.layer(0).mixer() instanceof AttentionConfig attention) {
      return attention;
    }
    throw new InvalidPlanException("Prefix tuning needs plain attention, which "
        + config.modelType() + " does not have. Use prompt tuning.");
  }
}
