package io.swiftjvm.text;

import io.swiftjvm.error.TemplateException;
import io.swiftjvm.text.jinja.JinjaTemplate;
import io.swiftjvm.text.jinja.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a model: turns a conversation into the text that the model was trained on. The template is
 * Jinja, run by the sandboxed interpreter in {@link io.swiftjvm.text.jinja}. Immutable, safe for many threads.
 *
 * {@snippet :
 * ChatTemplate template = ChatTemplate.load(Path.of("models/qwen3"));
 * Rendered prompt = template.render(
 *     List.of(Map.of("role", "user", "content", "Hello")),
 *     RenderOptions.defaults().withAddGenerationPrompt(true));
 * int[] ids = tokenizer.encode(prompt.text(), false);
 * }
 *
 * @since 0.1
 */
public final class ChatTemplate {
  private final String source;
  private final JinjaTemplate template;
  private final @Nullable JinjaTemplate toolUse;
  private final Map<String, Object> variables;
  private final Clock clock;

  private ChatTemplate(String source, JinjaTemplate template, @Nullable JinjaTemplate toolUse,
      Map<String, Object> variables, Clock clock) {
    this.source = source;
    this.template = template;
    this.toolUse = toolUse;
    this.variables = variables;
    this.clock = clock;
  }

  /**
   * The template of a model folder: {@code chat_template.jinja}, else {@code chat_template.json}, else
   * {@code chat_template} in {@code tokenizer_config.json}. Of several named templates {@code tool_use} serves
   * renderings with tools and {@code default} all others.
   *
   * @throws TemplateException when there is none or it is malformed
   */
  public static ChatTemplate load(Path modelDir) {
    return find(modelDir).orElseThrow(() -> new TemplateException("Cannot render a conversation for the model in "
        + modelDir + ": it has no chat template, neither chat_template.jinja nor chat_template in "
        + "tokenizer_config.json. A base model has none: take an instruct model, or give a template of your own."));
  }

  /** Like {@link #load}, but empty when the model has no template. */
  public static Optional<ChatTemplate> find(Path modelDir) {
    TokenizerConfig config = TokenizerConfig.read(modelDir);
    try {
      return TemplateFiles.read(modelDir, config).map(named -> of(named, config.namedTokens()));
    } catch (TemplateException | IOException e) {
      throw new TemplateException("Cannot load the chat template in " + modelDir + ": " + e.getMessage(), e);
    }
  }

  /**
   * A template that is given as text.
   *
   * @param variables what the template sees in every rendering, such as {@code bos_token}
   * @throws TemplateException when it is malformed
   */
  public static ChatTemplate of(String source, Map<String, Object> variables) {
    return of(Map.of("default", source), variables);
  }

  private static ChatTemplate of(Map<String, String> named, Map<String, Object> variables) {
    String source = named.get("default");
    if (source == null) {
      throw new TemplateException("there are templates named " + named.keySet() + ", but none named 'default'");
    }
    String tools = named.get("tool_use");
    return new ChatTemplate(source, JinjaTemplate.parse(source, Limits.defaults()),
        tools == null ? null : JinjaTemplate.parse(tools, Limits.defaults()), Map.copyOf(variables),
        Clock.system(ZoneId.systemDefault()));
  }

  /** The same template with another source of the time that {@code strftime_now} tells. */
  public ChatTemplate withClock(Clock value) {
    return new ChatTemplate(source, template, toolUse, variables, value);
  }

  /** The same variables, with another template text: a training template with {@code {% generation %}} blocks. */
  public ChatTemplate withSource(String value) {
    return new ChatTemplate(value, JinjaTemplate.parse(value, Limits.defaults()), null, variables, clock);
  }

  /** The text of the default template. */
  public String source() {
    return source;
  }

  /** Whether the template tells the model about tools. */
  public boolean takesTools() {
    return toolUse != null || source.contains("tools");
  }

  /** Whether the template marks what the assistant says, so that renderings have generation spans. */
  public boolean marksGenerations() {
    return template.marksGenerations();
  }

  /**
   * Renders a conversation.
   *
   * @param messages one map per message with {@code role}, {@code content} and what else the template reads, such as
   *     {@code tool_calls}; plain data only
   * @throws TemplateException when the template refuses the conversation, fails, or exceeds its limits; the message
   *     holds the line in the template
   */
  public Rendered render(List<? extends Map<String, ?>> messages, RenderOptions options) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(variables);
    boolean continues = options.continueFinalMessage();
    all.put("messages", continues ? FinalMessage.marked(messages) : messages);
    all.put("tools", options.tools().isEmpty() ? null : options.tools());
    all.put("documents", options.documents().isEmpty() ? null : options.documents());
    all.put("add_generation_prompt", options.addGenerationPrompt());
    all.putAll(options.variables());
    JinjaTemplate chosen = toolUse != null && !options.tools().isEmpty() ? toolUse : template;
    Rendered rendered = chosen.render(all, clock);
    return continues ? FinalMessage.cut(rendered) : rendered;
  }
}
