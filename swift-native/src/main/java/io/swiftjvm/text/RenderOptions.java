package io.swiftjvm.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Settings of one rendering.
 *
 * @param addGenerationPrompt whether the text ends with the opening of an assistant turn; true before generating,
 *     false for training. Default false
 * @param tools JSON schemas of functions that the model may call; empty reaches the template as {@code none}
 * @param documents documents for retrieval; empty reaches the template as {@code none}
 * @param variables further variables for the template, such as {@code enable_thinking}; they win over everything else
 */
public record RenderOptions(
    boolean addGenerationPrompt,
    List<Map<String, Object>> tools,
    List<Map<String, Object>> documents,
    Map<String, Object> variables) {
  public RenderOptions {
    tools = List.copyOf(tools);
    documents = List.copyOf(documents);
    variables = new TreeMap<>(variables);
  }

  /** No generation prompt, no tools, no further variables: what training wants. */
  public static RenderOptions defaults() {
    return new RenderOptions(false, List.of(), List.of(), Map.of());
  }

  public RenderOptions withAddGenerationPrompt(boolean value) {
    return new RenderOptions(value, tools, documents, variables);
  }

  public RenderOptions withTools(List<Map<String, Object>> value) {
    return new RenderOptions(addGenerationPrompt, value, documents, variables);
  }

  public RenderOptions withDocuments(List<Map<String, Object>> value) {
    return new RenderOptions(addGenerationPrompt, tools, value, variables);
  }

  /** Sets one template variable; values are maps, lists, strings, numbers, booleans. */
  public RenderOptions withVariable(String name, Object value) {
    Map<String, Object> more = new HashMap<>(variables);
    more.put(name, value);
    return new RenderOptions(addGenerationPrompt, tools, documents, more);
  }
}
