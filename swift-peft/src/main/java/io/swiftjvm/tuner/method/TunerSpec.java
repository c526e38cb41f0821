package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.tuner.LoraTargets;

/**
 * A tuning method and its settings. Each is one record in one file, which reads and writes PEFT's settings, says which
 * tensors it has at a projection, and computes with them.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LohaSpec.DEFAULT, 42).attach(model);
 * }
 */
public sealed interface TunerSpec permits
    AdaLoraSpec, BoftSpec, C3aSpec, DeloraSpec, DoraSpec, FourierFtSpec, GraloraSpec, HraSpec, Ia3Spec,
    LohaSpec, LokrSpec, MissSpec, OftSpec, RandLoraSpec, RoadSpec, ShiraSpec, VbLoraSpec, VeraSpec {
  /** PEFT's name of the method: {@code peft_type}. */
  String type();

  /** Which projections. */
  LoraTargets targets();

  /** The other targets. */
  TunerSpec targets(LoraTargets value);

  /** Writes the settings but for the targets and what all methods share. */
  void write(ObjectNode json);

  /** What the method does at one projection; asks {@code site} for every tensor it needs there. */
  LinearTuner at(Site site);
}
