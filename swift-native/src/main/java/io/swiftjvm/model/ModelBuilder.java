package io.swiftjvm.model;

import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds the tree of modules of a {@link DecoderConfig}, and knows from doing so which tensors that needs. */
final class ModelBuilder {
  private final DecoderConfig config;
  private final WeightNames names;

  ModelBuilder(DecoderConfig config, WeightNames names) {
    this.config = config;
    this.names = names;
  }

  /** Every tensor by name with its shape, in model order. */
  Map<String, long[]> shapes() {
    WeightSource source = WeightSource.recording(names);
    tree(source);
    return source.shapes();
  }

  /** Every projection by path with its columns out and in. */
  Map<String, long[]> projections() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tree(WeightSource.recording(names)).slots().forEach((path, slot) ->
        shapes.put(path, new long[] {slot.linear().outFeatures(), slot.linear().inFeatures()}));
    return shapes;
  }

  /** The modules over loaded weights. */
  ModelTree build(Weights weights) {
    return tree(WeightSource.of(names, weights));
  }

  private ModelTree tree(WeightSource source) {
    int c = config.hiddenSize();
    Parameter embedding = source.parameter(names.embedding() + ".weight", config.vocabSize(), c);
    @Nullable Parameter positions = config.embedding().positions()
        ? source.parameter(names.positions() + ".weight", config.maxPositions(), c) : null;
    List<DecoderBlock> blocks = new ArrayList<>();
    for (int i = 0; i < config.layerCount(); i++) {
      blocks.add(block(source, i));
    }
    Norm norm = source.norm(names.norm(), config.norm(), c);
    LinearSlot head = config.tied() ? new LinearSlot(names.head(), new DenseLinear(embedding, null, false))
        : source.linear(names.head(), config.head().outputs(), c, false, false);
    return new ModelTree(embedding, positions, blocks, norm, head);
  }

  private DecoderBlock block(WeightSource source, int i) {
    LayerConfig layer = config.layer(i);
    int c = config.hiddenSize();
    Mixer mixer = switch (layer.mixer()) {
      case AttentionConfig attention -> AttentionBlock.of(source, attention, config.norm(), c, i);
      case LatentAttentionConfig latent -> LatentAttention.of(source, latent, config.norm(), c, i);
      case DeltaNetConfig delta -> DeltaNet.of(source, delta, config.norm(), c, i);
    };
    FeedForward feedForward = switch (layer.feedForward()) {
      case MlpConfig mlp -> Mlp.of(source, mlp, c, i, "mlp.");
      case MoeConfig moe -> MoeBlock.of(source, moe, c, i);
    };
    LayerConfig.Norms norms = layer.norms();
    return new DecoderBlock(mixer, feedForward, norm(source, i, norms.before, "input_layernorm"),
        norm(source, i, norms.after, "post_self_attn_layernorm"),
        norm(source, i, norms.before && !norms.parallel, "post_attention_layernorm"),
        norm(source, i, norms.after, "post_mlp_layernorm"), layer);
  }

  private @Nullable Norm norm(WeightSource source, int layer, boolean there, String slot) {
    return there ? source.norm(layer, slot, config.norm(), config.hiddenSize()) : null;
  }
}
