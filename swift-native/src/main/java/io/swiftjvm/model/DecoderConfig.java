package io.swiftjvm.model;

import java.util.List;

/**
 * The architecture of a decoder-only transformer, as its forward pass needs it: what {@link DecoderBlock} and
 * {@link CausalLm} read, whatever the family. A {@link io.swiftjvm.model.family.Family} makes it from a config.json.
 *
 * @param modelType the family's name in config.json, such as {@code qwen3}
 * @param vocabSize rows of the embedding table
 * @param hiddenSize width of the residual stream
 * @param attention what all attention layers share
 * @param mlp the feed-forward part of every layer
 * @param norm the norms of every layer and the last one
 * @param layers what differs from layer to layer, one entry each
 * @param embeddingScale factor on the embedded tokens, normally 1
 * @param tied the output projection shares the embedding table
 * @param maxPositions the longest text the model was made for
 */
public record DecoderConfig(
    String modelType, int vocabSize, int hiddenSize, AttentionConfig attention, MlpConfig mlp, NormConfig norm,
    List<LayerConfig> layers, float embeddingScale, boolean tied, int maxPositions) {
  public DecoderConfig {
    layers = List.copyOf(layers);
    if (vocabSize < 1 || hiddenSize < 1 || layers.isEmpty() || maxPositions < 1) {
      throw new IllegalArgumentException("vocabSize, hiddenSize, the number of layers and maxPositions must be >= 1,"
          + " got " + vocabSize + ", " + hiddenSize + ", " + layers.size() + ", " + maxPositions);
    }
  }

  /** Number of decoder blocks. */
  public int layerCount() {
    return layers.size();
  }

  public LayerConfig layer(int index) {
    return layers.get(index);
  }
}
