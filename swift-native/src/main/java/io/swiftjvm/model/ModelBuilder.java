package io.swiftjvm.model;

import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Knows which tensors a {@link DecoderConfig} needs, and builds the tree of modules from them. */
final class ModelBuilder {
  private final DecoderConfig config;
  private final WeightNames names;

  ModelBuilder(DecoderConfig config, WeightNames names) {
    this.config = config;
    this.names = names;
  }

  /** Every tensor by name with its shape, in model order. */
  Map<String, long[]> shapes() {
    AttentionConfig a = config.attention();
    int c = config.hiddenSize();
    int m = config.mlp().width();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(names.embedding() + ".weight", new long[] {config.vocabSize(), c});
    for (int i = 0; i < config.layerCount(); i++) {
      String attention = names.layer(i, names.attention());
      String mlp = names.layer(i, names.mlp());
      linear(shapes, attention + "q_proj", a.queryWidth(), c, a.qkvBias());
      linear(shapes, attention + "k_proj", a.keyWidth(), c, a.qkvBias());
      linear(shapes, attention + "v_proj", a.keyWidth(), c, a.qkvBias());
      linear(shapes, attention + "o_proj", c, a.queryWidth(), a.outputBias());
      if (a.qkNorm()) {
        shapes.put(attention + "q_norm.weight", new long[] {a.headDim()});
        shapes.put(attention + "k_norm.weight", new long[] {a.headDim()});
      }
      linear(shapes, mlp + "gate_proj", m, c, config.mlp().bias());
      linear(shapes, mlp + "up_proj", m, c, config.mlp().bias());
      linear(shapes, mlp + "down_proj", c, m, config.mlp().bias());
      shapes.put(names.layer(i, names.inputNorm()) + ".weight", new long[] {c});
      shapes.put(names.layer(i, names.mlpNorm()) + ".weight", new long[] {c});
    }
    shapes.put(names.norm() + ".weight", new long[] {c});
    if (!config.tied()) {
      shapes.put(names.head() + ".weight", new long[] {config.vocabSize(), c});
    }
    return shapes;
  }

  private static void linear(Map<String, long[]> shapes, String name, long out, long in, boolean bias) {
    shapes.put(name + ".weight", new long[] {out, in});
    if (bias) {
      shapes.put(name + ".bias", new long[] {out});
    }
  }

  /** The modules over loaded weights. */
  ModelTree build(Weights weights) {
    Parameter embedding = weights.parameter(names.embedding() + ".weight");
    List<DecoderBlock> blocks = new ArrayList<>();
    for (int i = 0; i < config.layerCount(); i++) {
      blocks.add(block(weights, i));
    }
    Norm norm = norm(weights, names.norm());
    Parameter head = config.tied() ? embedding : weights.parameter(names.head() + ".weight");
    return new ModelTree(embedding, blocks, norm, new LinearSlot(names.head(), new DenseLinear(head, null)));
  }

  private DecoderBlock block(Weights weights, int i) {
    AttentionConfig a = config.attention();
    String at = names.layer(i, names.attention());
    String mlp = names.layer(i, names.mlp());
    boolean mlpBias = config.mlp().bias();
    return new DecoderBlock(
        new AttentionBlock(i, a, config.layer(i), slot(weights, at + "q_proj", a.qkvBias()),
            slot(weights, at + "k_proj", a.qkvBias()), slot(weights, at + "v_proj", a.qkvBias()),
            slot(weights, at + "o_proj", a.outputBias()), headNorm(weights, at + "q_norm"),
            headNorm(weights, at + "k_norm")),
        new GatedMlp(config.mlp(), slot(weights, mlp + "gate_proj", mlpBias), slot(weights, mlp + "up_proj", mlpBias),
            slot(weights, mlp + "down_proj", mlpBias)),
        norm(weights, names.layer(i, names.inputNorm())), norm(weights, names.layer(i, names.mlpNorm())));
  }

  private static LinearSlot slot(Weights weights, String path, boolean bias) {
    return new LinearSlot(path, new DenseLinear(
        weights.parameter(path + ".weight"), bias ? weights.parameter(path + ".bias") : null));
  }

  private @Nullable Norm headNorm(Weights weights, String path) {
    return config.attention().qkNorm() ? norm(weights, path) : null;
  }

  private Norm norm(Weights weights, String path) {
    return new Norm(weights.parameter(path + ".weight"), config.norm());
  }
}
