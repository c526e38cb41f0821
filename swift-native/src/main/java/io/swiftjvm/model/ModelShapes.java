package io.swiftjvm.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shapes of a model that is not loaded, by which a tuner tells what it will train.
 *
 * {@snippet :
 * ModelShapes shapes = ModelShapes.of(config, names);
 * long out = shapes.projections().get("model.layers.0.self_attn.q_proj")[0];
 * }
 *
 * @param config the architecture
 * @param projections columns out and in of every projection by path, in model order, the output one last
 * @param parameters shape of every tensor by name, in model order
 */
public record ModelShapes(DecoderConfig config, Map<String, long[]> projections, Map<String, long[]> parameters) {
  public ModelShapes {
    projections = Collections.unmodifiableMap(new LinkedHashMap<>(projections));
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  /** The shapes of an architecture; takes no memory. */
  public static ModelShapes of(DecoderConfig config, WeightNames names) {
    ModelBuilder builder = new ModelBuilder(config, names);
    return new ModelShapes(config, builder.projections(), builder.shapes());
  }

  /** Values in a tensor of this shape. */
  public static long values(long[] shape) {
    long product = 1;
    for (long dim : shape) {
      product = Math.multiplyExact(product, dim);
    }
    return product;
  }
}
