package io.swiftjvm.train.optimizer;

import io.swiftjvm.nn.Parameter;

/**
 * What optimizers for matrices ask of a parameter.
 *
 * @param name its full name
 * @param matrix it has two dimensions
 */
record ParamKind(String name, boolean matrix) {
  static ParamKind of(Parameter parameter) {
    return new ParamKind(parameter.name(), parameter.value().rank() == 2);
  }

  /** A matrix inside the model: no embedding, no output head. */
  boolean hidden() {
    return matrix && !name.contains("embed") && !name.contains("lm_head");
  }
}
