package io.swiftjvm.model;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.List;

/**
 * More blocks in a model than its files have (LLaMA-Pro, arXiv 2401.02415): behind each group of layers a copy of its
 * last one, whose output projections start at zero, so that the model answers as before.
 *
 * {@snippet :
 * CausalLm model = CausalLm.load(folder, backend, LoadOptions.AS_STORED.expansion(new BlockExpansion(4)));
 * }
 *
 * @param groups number of groups, each of which gets one block; it divides the number of layers
 */
public record BlockExpansion(int groups) {
  public BlockExpansion {
    if (groups < 1) {
      throw new InvalidPlanException("llamapro_num_new_blocks is " + groups + "; it must be 1 or more.");
    }
  }

  /** For each block of the larger model, the layer of the smaller one that it is made of. */
  public List<Integer> sources(DecoderConfig config) {
    int layers = config.layerCount();
    if (layers % groups != 0) {
      throw new InvalidPlanException("llamapro_num_new_blocks is " + groups + ", and the model has " + layers
          + " layers. Use a divisor of that.");
    }
    LayerConfig first = config.layer(0);
    if (!(first.mixer() instanceof AttentionConfig && first.feedForward() instanceof MlpConfig)
        || config.layers().stream().anyMatch(layer -> !layer.equals(first))) {
      throw new InvalidPlanException("Blocks can be added where all layers are alike, with plain attention and without "
          + "experts, which " + config.modelType() + " has not. Use lora.");
    }
    List<Integer> sources = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      sources.add(i);
      if ((i + 1) % (layers / groups) == 0) {
        sources.add(i);
      }
    }
    return sources;
  }

  /** True if block {@code index} of the larger model is a new one. */
  static boolean added(List<Integer> sources, int index) {
    return index > 0 && sources.get(index).equals(sources.get(index - 1));
  }

  /** Numbers of the new blocks. */
  public List<Integer> added(DecoderConfig config) {
    List<Integer> sources = sources(config);
    List<Integer> added = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      if (added(sources, i)) {
        added.add(i);
      }
    }
    return added;
  }

  /** The larger model. */
  DecoderConfig apply(DecoderConfig config) {
    return config.layers(sources(config).stream().map(config::layer).toList());
  }
}
