package io.swiftjvm.model;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;

/**
 * Names of a checkpoint's tensors by their slot, without {@code .weight} and {@code .bias}. The slots of a layer are
 * called as in Llama ({@code self_attn.q_proj}); a family whose checkpoints call them otherwise renames them. The paths
 * of {@link CausalLm#linears()} are the names in the checkpoint.
 *
 * @param embedding the token table
 * @param positions the table of learned positions, where there is one
 * @param norm the last norm
 * @param head the output projection
 * @param layers what comes before a layer's index, {@code model.layers.}
 * @param renamed other names inside a layer by slot; a key that ends with a dot stands for a beginning, one that starts
 *     with a dot for an end
 */
public record WeightNames(
    String embedding, String positions, String norm, String head, String layers, Map<String, String> renamed) {
  /** The names that transformers uses for Llama and everything built like it. */
  public static final WeightNames LLAMA = new WeightNames("model.embed_tokens", "model.embed_positions", "model.norm",
      "lm_head", "model.layers.", Map.of());

  public WeightNames {
    renamed = Map.copyOf(renamed);
  }

  /** Llama's names with others inside a layer. */
  public static WeightNames renaming(Map<String, String> renamed) {
    return new WeightNames(
        LLAMA.embedding, LLAMA.positions, LLAMA.norm, LLAMA.head, LLAMA.layers, renamed);
  }

  /** The same names with another output projection. */
  public WeightNames head(String name) {
    return new WeightNames(embedding, positions, norm, name, layers, renamed);
  }

  /** The same names with another beginning of everything but the output projection. */
  public WeightNames prefix(String old, String other) {
    return new WeightNames(swap(embedding, old, other), swap(positions, old, other), swap(norm, old, other), head,
        swap(layers, old, other), renamed);
  }

  private static String swap(String name, String old, String other) {
    return name.startsWith(old) ? other + name.substring(old.length()) : name;
  }

  /** The full name of a slot of a layer: {@code model.layers.3.mlp.gate_proj}. */
  public String layer(int index, String slot) {
    return layers + index + "." + rename(slot);
  }

  private String rename(String slot) {
    String exact = renamed.get(slot);
    if (exact != null) {
      return exact;
    }
    String name = slot;
    // Longest first, so that "mlp.experts." comes before "mlp.".
    List<Entry<String, String>> rules = renamed.entrySet().stream()
        .sorted(Comparator.comparingInt((Entry<String, String> rule) -> -rule.getKey().length())).toList();
    for (Entry<String, String> rule : rules) {
      String from = rule.getKey();
      if (from.startsWith(".") && name.endsWith(from)) {
        name = name.substring(0, name.length() - from.length()) + rule.getValue();
        break;
      }
    }
    for (Entry<String, String> rule : rules) {
      if (rule.getKey().endsWith(".") && name.startsWith(rule.getKey())) {
        return rule.getValue() + name.substring(rule.getKey().length());
      }
    }
    return name;
  }
}
