package io.swiftjvm.bench.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The sizes of swift-tiny, a small Qwen3. */
final class TinyShape {
  static final int VOCABULARY = 2048;
  static final int HIDDEN = 160;
  static final int LAYERS = 5;
  static final int HEADS = 4;
  static final int KV_HEADS = 2;
  static final int HEAD_DIM = 32;
  static final int MLP = 448;
  static final int POSITIONS = 1024;

  private TinyShape() {}

  /** The {@code config.json} for weights stored as {@code dtype} ({@code float32}, {@code bfloat16}). */
  static ObjectNode config(String dtype, int eosId, int padId) {
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.putArray("architectures").add("Qwen3ForCausalLM");
    config.put("model_type", "qwen3").put("dtype", dtype).put("vocab_size", VOCABULARY).put("hidden_size", HIDDEN)
        .put("num_hidden_layers", LAYERS).put("num_attention_heads", HEADS).put("num_key_value_heads", KV_HEADS)
        .put("head_dim", HEAD_DIM).put("intermediate_size", MLP).put("hidden_act", "silu").put("rms_norm_eps", 1e-6)
        .put("max_position_embeddings", POSITIONS).put("tie_word_embeddings", true).put("attention_bias", false)
        .put("attention_dropout", 0.0).put("initializer_range", TinyInit.STD).put("use_cache", true)
        .put("use_sliding_window", false);
    config.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 10_000.0);
    config.putNull("bos_token_id").put("eos_token_id", eosId).put("pad_token_id", padId);
    return config;
  }
}
