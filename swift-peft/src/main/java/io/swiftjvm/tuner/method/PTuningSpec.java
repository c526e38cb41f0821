package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Map;

/**
 * P-tuning (arXiv 2103.10385): a trained prompt that a network of three layers makes.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", PTuningSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param tokens number of trained tokens, 1 or more; 20
 * @param hidden width of the network, 1 or more; 128
 */
public record PTuningSpec(int tokens, int hidden) implements PromptSpec {
  /** Twenty tokens, a network of width 128. */
  public static final PTuningSpec DEFAULT = new PTuningSpec(20, 128);

  static final String TYPE = "P_TUNING";
  static final TunerMethod<PTuningSpec> METHOD = TunerMethod.of("p_tuning", DEFAULT)
      .integer("num_virtual_tokens", "Trained tokens before every text.", PTuningSpec::tokens, PTuningSpec::tokens)
      .integer("encoder_hidden_size", "Width of the network that makes them.", PTuningSpec::hidden, PTuningSpec::hidden);

  public PTuningSpec {
    Ranges.atLeast("pTuning.tokens", tokens, 1);
    Ranges.atLeast("pTuning.hidden", hidden, 1);
  }

  static TunerSpec read(ConfigReader config) {
    PromptSizes.read(config);
    config.only("encoder_reparameterization_type", "MLP", "LSTM");
    config.node("encoder_dropout");
    config.node("encoder_num_layers");
    return new PTuningSpec(config.integer("num_virtual_tokens", 20), config.integer("encoder_hidden_size", 128));
  }

  /** Sets tokens: number of trained tokens, 1 or more; 20. */
  public PTuningSpec tokens(int value) {
    return new PTuningSpec(value, hidden);
  }

  /** Sets hidden: width of the network, 1 or more; 128. */
  public PTuningSpec hidden(int value) {
    return new PTuningSpec(tokens, value);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public void write(ObjectNode json) {
    json.put("num_virtual_tokens", tokens);
    json.put("encoder_hidden_size", hidden);
    json.put("encoder_reparameterization_type", "MLP");
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    long width = shapes.config().hiddenSize();
    return PromptEncoder.shapes(tokens, width, hidden, hidden, width);
  }

  @Override
  public PromptEncoder encoder(AdapterTensors tensors) {
    long width = tensors.model().config().hiddenSize();
    return PromptEncoder.network(tensors, "mlp_head", Unary.RELU, tokens, width, hidden, hidden, width);
  }
}
