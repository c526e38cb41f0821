package io.swiftjvm.hub.remote;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Short names for a small, instruction-tuned model of each family. Where the hubs name one model differently, the alias
 * leads to the right id on each.
 */
public final class HubAliases {
  private record Ids(String huggingFace, String modelScope) {
    static Ids both(String id) {
      return new Ids(id, id);
    }
  }

  private static final Map<String, Ids> TABLE = Map.ofEntries(
      Map.entry("qwen2", Ids.both("Qwen/Qwen2-0.5B-Instruct")),
      Map.entry("qwen2.5", Ids.both("Qwen/Qwen2.5-0.5B-Instruct")),
      Map.entry("qwen3", Ids.both("Qwen/Qwen3-0.6B")),
      Map.entry("qwen3-moe", Ids.both("Qwen/Qwen3-30B-A3B")),
      Map.entry("llama3", new Ids("meta-llama/Llama-3.2-1B-Instruct", "LLM-Research/Llama-3.2-1B-Instruct")),
      Map.entry("gemma2", new Ids("google/gemma-2-2b-it", "LLM-Research/gemma-2-2b-it")),
      Map.entry("gemma3", new Ids("google/gemma-3-1b-it", "LLM-Research/gemma-3-1b-it")),
      Map.entry("phi4-mini", new Ids("microsoft/Phi-4-mini-instruct", "LLM-Research/Phi-4-mini-instruct")),
      Map.entry("smollm3", Ids.both("HuggingFaceTB/SmolLM3-3B")),
      Map.entry("deepseek-r1", Ids.both("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B")));

  private HubAliases() {}

  /** The id behind an alias on {@code hub}, or on the one that its prefix names; any other text is given back. */
  public static String resolve(String model, HubKind hub) {
    for (HubKind kind : HubKind.values()) {
      if (model.startsWith(kind.prefix() + "::") && TABLE.containsKey(model.substring(4).toLowerCase(Locale.ROOT))) {
        return kind.prefix() + "::" + resolve(model.substring(4), kind);
      }
    }
    Ids ids = TABLE.get(model.toLowerCase(Locale.ROOT));
    if (ids == null) {
      return model;
    }
    return hub == HubKind.HUGGING_FACE ? ids.huggingFace() : ids.modelScope();
  }

  /** All aliases, sorted. */
  public static List<String> names() {
    return List.copyOf(new TreeMap<>(TABLE).keySet());
  }
}
