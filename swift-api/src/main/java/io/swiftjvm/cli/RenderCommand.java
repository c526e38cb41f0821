package io.swiftjvm.cli;

import io.swiftjvm.error.TemplateException;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.RenderOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code swift render}: the text that a model's chat template makes of a conversation, nothing added. */
final class RenderCommand implements Command {
  @Override
  public String name() {
    return "render";
  }

  @Override
  public String summary() {
    return "Prints what the model's chat template makes of a conversation.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("messages", "JSON list of {role, content}, or an object with 'messages'"),
        Flag.value("tools", "JSON list of tools"),
        new Flag("add_generation_prompt", false, "open an assistant turn; default: unless the last message is one"));
  }

  @Override
  public int run(Call call) {
    List<Map<String, Object>> messages = Json.list(Path.of(call.required("messages")), "messages");
    boolean answered = !messages.isEmpty() && "assistant".equals(messages.getLast().get("role"));
    boolean prompt = call.flag("add_generation_prompt").isPresent() ? call.on("add_generation_prompt") : !answered;
    RenderOptions options = RenderOptions.defaults().withAddGenerationPrompt(prompt);
    if (call.flag("tools").isPresent()) {
      options = options.withTools(Json.list(Path.of(call.required("tools")), "tools"));
    }
    Boolean thinking = call.settings().text().enableThinking();
    if (thinking != null) {
      options = options.withVariable("enable_thinking", thinking);
    }
    try (ModelSource source = call.settings().model().describe()) {
      ChatTemplate template = ChatTemplate.find(source.folder()).orElseThrow(() -> new TemplateException(
          "the model in " + source.folder() + " has no chat template. Add chat_template.jinja to the folder."));
      call.out().print(template.render(messages, options).text());
      call.out().flush();
      return 0;
    }
  }
}
