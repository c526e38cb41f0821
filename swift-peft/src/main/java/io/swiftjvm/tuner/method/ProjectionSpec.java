package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.LoraTargets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A method that changes projections. */
public sealed interface ProjectionSpec extends TargetedSpec
    permits AdaLoraSpec, AdapterSpec, BoftSpec, C3aSpec, DeloraSpec, DoraSpec, FourierFtSpec, GraloraSpec, HraSpec, Ia3Spec,
    LohaSpec, LokrSpec, MissSpec, OftSpec, RandLoraSpec, RoadSpec, ShiraSpec, VbLoraSpec, VeraSpec {
  @Override
  ProjectionSpec targets(LoraTargets value);

  /** What the method does at one projection; asks {@code site} for every tensor it needs there. */
  LinearTuner at(Site site);

  /** Refuses settings that do not fit a projection; {@code fresh} if the adapter is not from a file. */
  default void fit(Place place, boolean fresh) {}

  /** Shapes of the trained tensors at one projection. */
  List<long[]> shapes(Place place);

  /** Shapes of the trained tensors that all projections share. */
  default List<long[]> shared() {
    return List.of();
  }

  /** True if a pass makes matrices of the weight's size. */
  default boolean dense() {
    return false;
  }

  /** The projections it goes on. */
  default List<Place> places(ModelShapes shapes) {
    List<String> chosen = targets().select(shapes.projections().keySet());
    return shapes.projections().entrySet().stream().filter(e -> chosen.contains(e.getKey()))
        .map(e -> new Place(e.getKey(), Math.toIntExact(e.getValue()[1]), Math.toIntExact(e.getValue()[0]))).toList();
  }

  @Override
  default Map<String, long[]> trained(ModelShapes shapes) {
    Map<String, long[]> all = new LinkedHashMap<>();
    List<long[]> common = shared();
    for (int i = 0; i < common.size(); i++) {
      all.put("shared." + i, common.get(i));
    }
    for (Place place : places(shapes)) {
      fit(place, true);
      List<long[]> own = shapes(place);
      for (int i = 0; i < own.size(); i++) {
        all.put(place.path() + "." + i, own.get(i));
      }
    }
    return all;
  }

  // The input once more, and what the update gives before and after its scale.
  @Override
  default Map<String, long[]> widths(ModelShapes shapes) {
    Map<String, long[]> widths = new LinkedHashMap<>();
    places(shapes).forEach(place -> widths.put(place.path(), new long[] {place.in(), place.out(), place.out()}));
    return widths;
  }

  // Three matrices of the weight's size: two factors and their product.
  @Override
  default long matrices(ModelShapes shapes) {
    return dense() ? places(shapes).stream().mapToLong(place -> 3L * place.in() * place.out()).sum() : 0;
  }

  /** What a training adds to its loss, or null. */
  default @Nullable Tensor penalty(Ops ops, List<Parameter> parameters) {
    return null;
  }

  /** What the method keeps and does while it is trained, or null. */
  default @Nullable TrainingState training(CausalLm model, List<Parameter> parameters) {
    return null;
  }
}
