package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.WeightNames;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A sample of a family of one's own: Llama with other names of weights and norms of queries and keys. */
public final class HouseLlama implements Family {
  @Override
  public Set<String> modelTypes() {
    return Set.of("house_llama");
  }

  @Override
  public DecoderConfig config(ModelConfig source) {
    DecoderConfig llama = Families.of("llama").config(source);
    List<LayerConfig> layers = llama.layers().stream().map(layer -> {
      AttentionConfig attention = (AttentionConfig) layer.mixer();
      return LayerConfig.of(attention.qkNorm(AttentionConfig.QkNorm.HEAD), layer.feedForward());
    }).toList();
    return new DecoderConfig("house_llama", llama.vocabSize(), llama.hiddenSize(), llama.norm(), layers,
        llama.embedding(), llama.head(), llama.tied(), llama.maxPositions());
  }

  @Override
  public WeightNames names(ModelConfig source) {
    return WeightNames.renaming(Map.of("self_attn.", "attention.", ".gate_proj", ".w1", ".up_proj", ".w3", ".down_proj",
        ".w2", "input_layernorm", "norm_1", "post_attention_layernorm", "norm_2"));
  }
}
