package io.swiftjvm.tuner;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;
import io.swiftjvm.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Full tuning: the chosen parameters become float32 copies that are trained; the files stay as they are.
 *
 * @param spec which parameters
 */
public record FullTransform(FullSpec spec) implements ModelTransform {
  /** Every parameter. */
  public FullTransform() {
    this(FullSpec.DEFAULT);
  }

  @Override
  public void apply(CausalLm model) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    model.parameters().forEach(parameter -> shapes.put(parameter.name(), parameter.value().shape()));
    Set<String> chosen = spec.chosen(shapes);
    model.train(model.parameters().stream().filter((Parameter p) -> chosen.contains(p.name())).toList());
  }
}
