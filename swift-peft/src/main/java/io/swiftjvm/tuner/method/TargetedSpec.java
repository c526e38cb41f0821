package io.swiftjvm.tuner.method;

import io.swiftjvm.tuner.LoraTargets;

/** A method that changes modules of the model. */
public sealed interface TargetedSpec extends TunerSpec permits ProjectionSpec, ModuleSpec {
  /** Which modules. */
  LoraTargets targets();

  /** The other targets. */
  TargetedSpec targets(LoraTargets value);
}
