package io.swiftjvm.run;

import io.swiftjvm.plan.TextSettings;
import io.swiftjvm.text.RenderOptions;
import io.swiftjvm.text.SafeChat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** From a conversation to the ids of its prompt, through the model's own chat template. */
public final class ChatEncoder {
  private ChatEncoder() {}

  /** The rendered conversation, open for the assistant's answer. */
  public static String render(LoadedModel loaded, List<Map<String, Object>> messages, TextSettings text) {
    return loaded.template().render(withSystem(messages, text), options(text)).text();
  }

  /** The ids of the conversation; what its messages say never becomes a control token. */
  public static int[] prompt(LoadedModel loaded, List<Map<String, Object>> messages, TextSettings text) {
    return new SafeChat(loaded.tokenizer()).encode(loaded.template(), withSystem(messages, text), options(text));
  }

  private static List<Map<String, Object>> withSystem(List<Map<String, Object>> messages, TextSettings text) {
    List<Map<String, Object>> all = new ArrayList<>(messages);
    String system = text.system();
    boolean hasSystem = !messages.isEmpty() && "system".equals(messages.getFirst().get("role"));
    if (system != null && !system.isEmpty() && !hasSystem) {
      all.addFirst(Map.of("role", "system", "content", system));
    }
    return all;
  }

  private static RenderOptions options(TextSettings text) {
    RenderOptions options = RenderOptions.defaults().withAddGenerationPrompt(true);
    Boolean thinking = text.enableThinking();
    if (thinking != null) {
      options = options.withVariable("enable_thinking", thinking);
    }
    return options;
  }
}
