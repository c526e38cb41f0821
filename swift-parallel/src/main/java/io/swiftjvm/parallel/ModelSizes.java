package io.swiftjvm.parallel;

import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.ClassifierHead;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.model.WeightNames;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.model.family.Family;
import io.swiftjvm.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a model, from its config.json and, where there are any, the headers of its weights; no weight is read.
 *
 * @param config the architecture
 * @param names its tensors' names
 * @param shapes every tensor by name, in model order, a tied output projection once
 * @param storedBytes what they take in the file; without weights what they would in the config's element type
 */
public record ModelSizes(DecoderConfig config, WeightNames names, Map<String, long[]> shapes, long storedBytes) {
  /** A projection's width on both sides. */
  public record Shape(long out, long in) {}

  /**
   * The sizes of a model folder, which may have no weights; {@link io.swiftjvm.error.ModelFormatException} where it is
   * damaged or not supported.
   */
  public static ModelSizes of(Path folder) {
    return of(folder, null);
  }

  /** The sizes of a model with a new head; null = with its own. */
  public static ModelSizes of(Path folder, @Nullable ClassifierHead head) {
    ModelConfig stored = ModelConfig.load(folder);
    Family family = Families.of(stored);
    ModelConfig source = head == null ? stored : head.apply(stored);
    DecoderConfig config = family.config(source);
    if (!Checkpoint.isPresent(folder)) {
      WeightNames names = family.names(source, List.of());
      Map<String, long[]> shapes = ModelShapes.of(config, names).parameters();
      return new ModelSizes(config, names, shapes, values(shapes) * source.dtype().orElse(DType.F32).bytes());
    }
    long bytes = 0;
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      WeightNames names = family.names(source, checkpoint.names());
      for (String name : checkpoint.names()) {
        boolean twice = config.tied() && name.equals(names.head() + ".weight");
        boolean replaced = head != null && !checkpoint.contains(names.head() + ".weight")
            && name.startsWith(family.names(stored, checkpoint.names()).head() + ".");
        if (!twice && !replaced && !family.ignores(source, name)) {
          bytes = Math.addExact(bytes, checkpoint.get(name).data().byteSize());
        }
      }
      return new ModelSizes(config, names, ModelShapes.of(config, names).parameters(), bytes);
    }
  }

  private static long values(Map<String, long[]> shapes) {
    long sum = 0;
    for (long[] shape : shapes.values()) {
      sum = Math.addExact(sum, Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }
    return sum;
  }

  /** The shapes by which a tuner tells what it trains. */
  public ModelShapes model() {
    return ModelShapes.of(config, names);
  }

  /** Values in all weights. */
  public long parameters() {
    return values(shapes);
  }

  /** Every projection of the decoder blocks by module path, in model order; the output projection is not among them. */
  public Map<String, Shape> projections() {
    Map<String, Shape> projections = new LinkedHashMap<>();
    model().projections().forEach((path, size) -> {
      if (!path.equals(names.head())) {
        projections.put(path, new Shape(size[0], size[1]));
      }
    });
    return projections;
  }
}
