package io.swiftjvm.tuner.method;

/** A method that changes modules whose values the model holds itself, such as norms; it is on while it is attached. */
public sealed interface ModuleSpec extends TargetedSpec permits LnTuningSpec, TrainableTokensSpec {
  /** Attaches to a model; nothing is changed before everything was checked. */
  ModuleChange attach(AdapterTensors tensors);
}
