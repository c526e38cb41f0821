package io.swiftjvm.model;

import java.util.List;

/**
 * The architecture of a decoder-only transformer, as its forward pass needs it: what {@link DecoderBlock} and
 * {@link CausalLm} read, whatever the family. A {@link io.swiftjvm.model.family.Family} makes it from a config.json.
 *
 * @param modelType the family's name in config.json, such as {@code qwen3}
 * @param vocabSize rows of the embedding table
 * @param hiddenSize width of the residual stream
 * @param norm the norms of every layer and the last one
 * @param layers one entry for each layer
 * @param embedding what becomes of the token table's rows
 * @param head what becomes of the last hidden states
 * @param tied the output projection shares the embedding table
 * @param maxPositions the longest text the model was made for
 */
public record DecoderConfig(
    String modelType, int vocabSize, int hiddenSize, NormConfig norm, List<LayerConfig> layers, EmbeddingConfig embedding,
    HeadConfig head, boolean tied, int maxPositions) {
  /**
   * The start of the stream.
   *
   * @param scale factor on the embedded tokens, normally 1
   * @param positions there is a table of learned positions, which are added (GPT-2)
   */
  public record EmbeddingConfig(float scale, boolean positions) {
    /** The token table's rows as they are. */
    public static final EmbeddingConfig PLAIN = new EmbeddingConfig(1, false);
  }

  /**
   * The end of the stream.
   *
   * @param outputs columns of the output: the vocabulary, or the classes of a classifier
   * @param scale factor on the logits, normally 1
   * @param softCap logits become {@code softCap * tanh(logit / softCap)}; 0 = off
   */
  public record HeadConfig(int outputs, float scale, float softCap) {}

  public DecoderConfig {
    layers = List.copyOf(layers);
    if (vocabSize < 1 || hiddenSize < 1 || layers.isEmpty() || maxPositions < 1) {
      throw new IllegalArgumentException("vocabSize, hiddenSize, the number of layers and maxPositions must be >= 1,"
          + " got " + vocabSize + ", " + hiddenSize + ", " + layers.size() + ", " + maxPositions);
    }
  }

  /** The same with other layers. */
  public DecoderConfig layers(List<LayerConfig> value) {
    return new DecoderConfig(modelType, vocabSize, hiddenSize, norm, value, embedding, head, tied, maxPositions);
  }

  /** The same with another start of the stream. */
  public DecoderConfig embedding(EmbeddingConfig value) {
    return new DecoderConfig(modelType, vocabSize, hiddenSize, norm, layers, value, head, tied, maxPositions);
  }

  /** The same with factors on the logits; a classifier's are not touched. */
  public DecoderConfig logits(double scale, double softCap) {
    HeadConfig changed = classifies() ? head : new HeadConfig(head.outputs(), (float) scale, (float) softCap);
    return new DecoderConfig(modelType, vocabSize, hiddenSize, norm, layers, embedding, changed, tied, maxPositions);
  }

  /** Number of decoder blocks. */
  public int layerCount() {
    return layers.size();
  }

  public LayerConfig layer(int index) {
    return layers.get(index);
  }

  /** True if the output is classes, not tokens. */
  public boolean classifies() {
    return head.outputs() != vocabSize;
  }
}
