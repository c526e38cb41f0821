package io.swiftjvm.parallel;

import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.WeightNames;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.model.family.Family;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The sizes of a model, from its config.json and the headers of its weights; no weight is read.
 *
 * @param config the architecture
 * @param names its tensors' names
 * @param parameters values in all weights, a tied output projection counted once
 * @param storedBytes what they take in the file
 */
public record ModelSizes(DecoderConfig config, WeightNames names, long parameters, long storedBytes) {
  /** A projection's width on both sides. */
  public record Shape(long out, long in) {}

  /**
   * The sizes of a model folder; {@link io.swiftjvm.error.ModelFormatException} where it is damaged or not supported.
   */
  public static ModelSizes of(Path folder) {
    ModelConfig source = ModelConfig.load(folder);
    Family family = Families.of(source);
    DecoderConfig config = family.config(source);
    long parameters = 0;
    long bytes = 0;
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      WeightNames names = family.names(source, checkpoint.names());
      for (String name : checkpoint.names()) {
        boolean twice = config.tied() && name.equals(names.head() + ".weight");
        if (!twice && !family.ignores(source, name)) {
          TensorEntry entry = checkpoint.get(name);
          parameters = Math.addExact(parameters, entry.elements());
          bytes = Math.addExact(bytes, entry.data().byteSize());
        }
      }
      return new ModelSizes(config, names, parameters, bytes);
    }
  }

  /** Every projection of the decoder blocks by module path, in model order; the output projection is not among them. */
  public Map<String, Shape> projections() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    CausalLm.projections(config, names).forEach((path, size) -> {
      if (!path.equals(names.head())) {
        shapes.put(path, new Shape(size[0], size[1]));
      }
    });
    return shapes;
  }
}
