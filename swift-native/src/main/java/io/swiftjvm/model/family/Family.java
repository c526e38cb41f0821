package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.WeightNames;
import java.util.Collection;
import java.util.Set;

/**
 * What one family of models needs to be loaded. An own family is registered as a service of this type and then found by
 * {@link Families#of}.
 *
 * {@snippet :
 * public final class MyFamily implements Family {
 *   public Set<String> modelTypes() {
 *     return Set.of("my_llama");
 *   }
 *
 *   public DecoderConfig config(ModelConfig source) {
 *     return Families.of("llama").config(source);
 *   }
 * }
 * }
 */
public interface Family {
  /** The values of {@code model_type} that this family reads. */
  Set<String> modelTypes();

  /**
   * The architecture.
   *
   * @throws io.swiftjvm.error.ModelFormatException for a setting that is malformed or not supported, by its name
   */
  DecoderConfig config(ModelConfig source);

  /** Names of the weights. */
  default WeightNames names(ModelConfig source) {
    return WeightNames.LLAMA;
  }

  /**
   * Names of the weights of a checkpoint with these {@code tensors}: a classifier has another head, and the stem may be
   * part of a larger model or have been saved alone.
   */
  default WeightNames names(ModelConfig source, Collection<String> tensors) {
    return Stems.find(Heads.names(source, names(source)), tensors);
  }

  /** True for tensors of a checkpoint that hold nothing to load, such as constants that old versions saved. */
  default boolean ignores(String tensor) {
    return tensor.endsWith(".rotary_emb.inv_freq");
  }

  /** {@link #ignores(String)}, where it depends on the settings. */
  default boolean ignores(ModelConfig source, String tensor) {
    return ignores(tensor);
  }
}
