package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * LN tuning (arXiv 2312.11420): trains copies of norms, weight and bias.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LnTuningSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param targets which norms, by path or end of path; the three kinds of Llama's layers
 */
public record LnTuningSpec(LoraTargets targets) implements ModuleSpec {
  /** Every norm of the names that Llama has. */
  public static final LnTuningSpec DEFAULT =
      new LnTuningSpec(LoraTargets.of("input_layernorm", "post_attention_layernorm", "norm"));

  static final String TYPE = "LN_TUNING";

  static TunerSpec read(ConfigReader config) {
    return new LnTuningSpec(config.targets());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public LnTuningSpec targets(LoraTargets value) {
    return new LnTuningSpec(value);
  }

  @Override
  public void write(ObjectNode json) {}

  @Override
  public ModuleChange attach(AdapterTensors tensors) {
    Map<String, List<Parameter>> vectors = new LinkedHashMap<>();
    Set<String> others = new LinkedHashSet<>(tensors.model().linears().keySet());
    for (Parameter parameter : tensors.model().parameters()) {
      String module = parameter.name().substring(0, Math.max(0, parameter.name().lastIndexOf('.')));
      if (parameter.value().rank() == 1 && !others.contains(module)) {
        vectors.computeIfAbsent(module, m -> new ArrayList<>()).add(parameter);
      }
    }
    List<String> modules = tensors.loaded() ? targets.matches(vectors.keySet()) : targets.select(vectors.keySet());
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    for (String module : modules) {
      for (Parameter parameter : vectors.getOrDefault(module, List.of())) {
        String leaf = parameter.name().substring(module.length() + 1);
        String key = AdapterTensors.PREFIX + "model." + module + ".ln_tuning_layers." + leaf;
        values.put(parameter, tensors.instead(key, parameter));
      }
    }
    return new ModuleChange() {
      @Override
      List<String> modules() {
        return modules;
      }

      @Override
      void apply() {
        values.forEach((parameter, value) -> put(parameter, value, tensors.trainable()));
      }
    };
  }
}
