package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
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
  static final TunerMethod<LnTuningSpec> METHOD = TunerMethod.of("ln_tuning", DEFAULT)
      .targets(LnTuningSpec::targets, LnTuningSpec::targets);

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
  public Map<String, long[]> trained(ModelShapes shapes) {
    Map<String, List<String>> vectors = new LinkedHashMap<>();
    shapes.parameters().forEach((name, shape) -> {
      String module = module(name);
      if (shape.length == 1 && !shapes.projections().containsKey(module)) {
        vectors.computeIfAbsent(module, m -> new ArrayList<>()).add(name);
      }
    });
    Map<String, long[]> trained = new LinkedHashMap<>(shapes.parameters());
    trained.keySet().retainAll(
        targets.select(vectors.keySet()).stream().flatMap(module -> vectors.getOrDefault(module, List.of()).stream()).toList());
    return trained;
  }

  private static String module(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  @Override
  public ModuleChange attach(AdapterTensors tensors) {
    Map<String, List<Parameter>> vectors = new LinkedHashMap<>();
    Set<String> others = new LinkedHashSet<>(tensors.model().linears().keySet());
    for (Parameter parameter : tensors.model().parameters()) {
      String module = module(parameter.name());
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
