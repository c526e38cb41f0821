package io.swiftjvm.tuner;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;

/** Full tuning: every parameter becomes a float32 copy that is trained; the files stay as they are. */
public record FullTransform() implements ModelTransform {
  @Override
  public void apply(CausalLm model) {
    model.trainFull();
  }
}
