package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Map;

/**
 * Prefix tuning (arXiv 2101.00190): trains keys and values that stand before those of every text in every layer, as
 * they are or made by a network of two layers.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", PrefixTuningSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param tokens number of trained tokens, 1 or more; 20
 * @param hidden width of the network, 0 = none; 0
 */
public record PrefixTuningSpec(int tokens, int hidden) implements PromptSpec {
  /** Twenty tokens, no network. */
  public static final PrefixTuningSpec DEFAULT = new PrefixTuningSpec(20, 0);

  static final String TYPE = "PREFIX_TUNING";
  static final TunerMethod<PrefixTuningSpec> METHOD = TunerMethod.of("prefix_tuning", DEFAULT)
      .integer("num_virtual_tokens", "Trained tokens before every text.",
          PrefixTuningSpec::tokens, PrefixTuningSpec::tokens)
      .integer("encoder_hidden_size", "Width of the network that makes them; 0 = none for prefix tuning.",
          PrefixTuningSpec::hidden, PrefixTuningSpec::hidden);

  public PrefixTuningSpec {
    Ranges.atLeast("prefixTuning.tokens", tokens, 1);
    Ranges.atLeast("prefixTuning.hidden", hidden, 0);
  }

  static TunerSpec read(ConfigReader config) {
    PromptSizes.read(config);
    config.node("init_weights");
    int hidden = config.integer("encoder_hidden_size", 0);
    return new PrefixTuningSpec(
        config.integer("num_virtual_tokens", 20), config.flag("prefix_projection") ? hidden : 0);
  }

  /** Sets tokens: number of trained tokens, 1 or more; 20. */
  public PrefixTuningSpec tokens(int value) {
    return new PrefixTuningSpec(value, hidden);
  }

  /** Sets hidden: width of the network, 0 = none; 0. */
  public PrefixTuningSpec hidden(int value) {
    return new PrefixTuningSpec(tokens, value);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public boolean keys() {
    return true;
  }

  @Override
  public void write(ObjectNode json) {
    json.put("num_virtual_tokens", tokens);
    json.put("prefix_projection", hidden > 0);
    if (hidden > 0) {
      json.put("encoder_hidden_size", hidden);
    }
  }

  @Override
  public void sizes(ObjectNode json, CausalLm model) {
    PromptSizes.keys(json, model);
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    long width = PromptSizes.keyWidth(shapes.config());
    long all = 2L * shapes.config().layerCount() * width;
    return hidden == 0 ? PromptEncoder.shapes(tokens, all) : PromptEncoder.shapes(tokens, width, hidden, all);
  }

  @Override
  public PromptEncoder encoder(AdapterTensors tensors) {
    long width = PromptSizes.keyWidth(tensors.model().config());
    long all = 2L * tensors.model().config().layerCount() * width;
    PromptEncoder encoder = hidden == 0 ? PromptEncoder.plain(tensors, Start.NORMAL, tokens, all)
        : PromptEncoder.network(tensors, "transform", Unary.TANH, tokens, width, hidden, all);
    return encoder.keys(tensors.model().config());
  }
}
