package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.LoraTargets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A method that changes projections. */
public sealed interface ProjectionSpec extends TargetedSpec
    permits AdaLoraSpec, BoftSpec, C3aSpec, DeloraSpec, DoraSpec, FourierFtSpec, GraloraSpec, HraSpec, Ia3Spec,
    LohaSpec, LokrSpec, MissSpec, OftSpec, RandLoraSpec, RoadSpec, ShiraSpec, VbLoraSpec, VeraSpec {
  @Override
  ProjectionSpec targets(LoraTargets value);

  /** What the method does at one projection; asks {@code site} for every tensor it needs there. */
  LinearTuner at(Site site);

  /** What a training adds to its loss, or null. */
  default @Nullable Tensor penalty(Ops ops, List<Parameter> parameters) {
    return null;
  }

  /** What the method keeps and does while it is trained, or null. */
  default @Nullable TrainingState training(CausalLm model, List<Parameter> parameters) {
    return null;
  }
}
