package io.swiftjvm.model;

/**
 * Names of a checkpoint's tensors by their slot, without {@code .weight} and {@code .bias}. Those of a layer follow
 * {@link #layer}. The paths of {@link CausalLm#linears()} are the same names.
 *
 * @param embedding the token table
 * @param norm the last norm
 * @param head the output projection
 * @param layers what comes before a layer's index, {@code model.layers.}
 * @param attention what comes before q_proj, {@code self_attn.}
 * @param mlp what comes before gate_proj, {@code mlp.}
 * @param inputNorm the norm before attention
 * @param mlpNorm the norm before the feed-forward part
 */
public record WeightNames(
    String embedding, String norm, String head, String layers, String attention, String mlp, String inputNorm,
    String mlpNorm) {
  /** The names that transformers uses for Llama and everything built like it. */
  public static final WeightNames LLAMA = new WeightNames("model.embed_tokens", "model.norm", "lm_head",
      "model.layers.", "self_attn.", "mlp.", "input_layernorm", "post_attention_layernorm");

  /** The full name of {@code part} of a layer: {@code model.layers.3.mlp.gate_proj}. */
  public String layer(int index, String part) {
    return layers + index + "." + part;
  }
}
