package io.swiftjvm.train.optimizer;

import io.swiftjvm.nn.Parameter;
import java.util.List;

/**
 * Parameters that share settings.
 *
 * @param name for reports and errors
 * @param parameters trainable float32 parameters
 * @param rateFactor the scheduled learning rate is multiplied by this
 * @param weightDecay decoupled decay
 */
public record ParamGroup(String name, List<Parameter> parameters, double rateFactor, double weightDecay) {
  public ParamGroup {
    parameters = List.copyOf(parameters);
  }
}
