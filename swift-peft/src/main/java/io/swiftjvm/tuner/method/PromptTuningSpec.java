package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Map;

/**
 * Prompt tuning (arXiv 2104.08691): trains the embeddings of a few tokens that stand before every text.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", PromptTuningSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param tokens number of trained tokens, 1 or more; 20
 */
public record PromptTuningSpec(int tokens) implements PromptSpec {
  /** Twenty tokens. */
  public static final PromptTuningSpec DEFAULT = new PromptTuningSpec(20);

  static final String TYPE = "PROMPT_TUNING";
  static final TunerMethod<PromptTuningSpec> METHOD = TunerMethod.of("prompt_tuning", DEFAULT)
      .integer("num_virtual_tokens", "Trained tokens before every text.",
          PromptTuningSpec::tokens, PromptTuningSpec::tokens);

  public PromptTuningSpec {
    Ranges.atLeast("promptTuning.tokens", tokens, 1);
  }

  static TunerSpec read(ConfigReader config) {
    PromptSizes.read(config);
    for (String key : new String[] {"prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path",
        "tokenizer_kwargs"}) {
      config.node(key);
    }
    return new PromptTuningSpec(config.integer("num_virtual_tokens", 20));
  }

  /** Sets tokens: number of trained tokens, 1 or more; 20. */
  public PromptTuningSpec tokens(int value) {
    return new PromptTuningSpec(value);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public void write(ObjectNode json) {
    json.put("num_virtual_tokens", tokens);
    json.put("prompt_tuning_init", "RANDOM");
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    return Map.of("prompt", new long[] {tokens, shapes.config().hiddenSize()});
  }

  @Override
  public PromptEncoder encoder(AdapterTensors tensors) {
    return PromptEncoder.plain(tensors, Start.NORMAL, tokens, tensors.model().config().hiddenSize());
  }
}
