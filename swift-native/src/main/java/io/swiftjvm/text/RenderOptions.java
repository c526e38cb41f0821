package io.swiftjvm.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings of one rendering.
 *
 * @param addGenerationPrompt whether the text ends with the opening of an assistant turn; true before generating,
 *     false for training. Default false
 * @param continueFinalMessage whether the text ends where the content of the last message ends, so that a model
 *     continues that message; excludes {@code addGenerationPrompt}. Default false
 * @param tools JSON schemas of functions that the model may call; empty reaches the template as {@code none}
 * @param documents documents for retrieval; empty reaches the template as {@code none}
 * @param variables further variables for the template, such as {@code enable_thinking}; they win over everything else
 */
public record RenderOptions(
    boolean addGenerationPrompt,
    boolean continueFinalMessage,
    List<Map<String, Object>> tools,
    List<Map<String, Object>> documents,
    Map<String, Object> variables) {
  public RenderOptions {
    if (addGenerationPrompt && continueFinalMessage) {
      throw new IllegalArgumentException("addGenerationPrompt and continueFinalMessage exclude each other: "
          + "one opens a new message, the other continues the last one");
    }
    tools = List.copyOf(tools);
    documents = List.copyOf(documents);
    variables = Map.copyOf(variables);
  }

  /** No generation prompt, no tools, no further variables: what training wants. */
  public static RenderOptions defaults() {
    return new RenderOptions(false, false, List.of(), List.of(), Map.of());
  }

  public RenderOptions withAddGenerationPrompt(boolean value) {
    return new RenderOptions(value, continueFinalMessage, tools, documents, variables);
  }

  public RenderOptions withContinueFinalMessage(boolean value) {
    return new RenderOptions(addGenerationPrompt, value, tools, documents, variables);
  }

  public RenderOptions withTools(List<Map<String, Object>> value) {
    return new RenderOptions(addGenerationPrompt, continueFinalMessage, value, documents, variables);
  }

  public RenderOptions withDocuments(List<Map<String, Object>> value) {
    return new RenderOptions(addGenerationPrompt, continueFinalMessage, tools, value, variables);
  }

  /** Sets one template variable; values are maps, lists, strings, numbers, booleans. */
  public RenderOptions withVariable(String name, Object value) {
    Map<String, Object> more = new HashMap<>(variables);
    more.put(name, value);
    return new RenderOptions(addGenerationPrompt, continueFinalMessage, tools, documents, more);
  }
}
