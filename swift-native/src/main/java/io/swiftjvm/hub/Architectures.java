package io.swiftjvm.hub;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The fixed table from a class name in {@code architectures} to a {@code model_type}; nothing is looked up by name. */
final class Architectures {
  private static final Map<String, String> TYPES = Map.of(
      "LlamaForCausalLM", "llama",
      "LLaMAForCausalLM", "llama",
      "MistralForCausalLM", "mistral",
      "Qwen2ForCausalLM", "qwen2",
      "Qwen2MoeForCausalLM", "qwen2_moe",
      "Qwen3ForCausalLM", "qwen3",
      "Qwen3MoeForCausalLM", "qwen3_moe",
      "Gemma2ForCausalLM", "gemma2",
      "Gemma3ForCausalLM", "gemma3_text",
      "DeepseekV3ForCausalLM", "deepseek_v3");

  private Architectures() {}

  static Optional<String> modelType(String architecture) {
    return Optional.ofNullable(TYPES.get(architecture));
  }

  static List<String> known() {
    return TYPES.keySet().stream().sorted().toList();
  }
}
