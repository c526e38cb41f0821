package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.text.RenderOptions;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/chat/completions}. */
final class ChatEndpoint implements Endpoint {
  /** Variables of a template that are the server's alone. */
  private static final Set<String> RESERVED = Set.of("messages", "tools", "documents", "tokenize", "chat_template",
      "add_generation_prompt", "continue_final_message", "bos_token", "eos_token");

  private final Service service;
  private final Conversation conversation;
  private final Responder responder;
  private final ChatStyle style;

  ChatEndpoint(Service service) {
    this.service = service;
    this.conversation = new Conversation(service.json(), service.options().sizes());
    this.responder = new Responder(service);
    this.style = new ChatStyle(service.served());
  }

  @Override
  public void answer(Call call) throws IOException, InterruptedException {
    responder.answer(call, work(call.fields()), View.PLAIN);
  }

  /** The answers that a request asks for. */
  Work work(Fields f) {
    String model = service.names().required(f);
    List<Map<String, Object>> messages = conversation.read(f);
    Integer logprobs = logprobs(f);
    SamplingParams params = service.sampling().params(f, logprobs);
    int n = Work.count(f, 1, service.options().sizes().choices());
    f.unsupported("best_of", Integer.valueOf(n).equals(f.integer("best_of", 1, Integer.MAX_VALUE)));
    boolean usage = Work.usage(f);
    int limit = service.names().maxLength();
    Tools tools = Tools.read(f, service.json());
    RenderOptions options = rendering(service, f).withTools(style.known(tools.offered()));
    int[] prompt = PromptEncoder.last(service.prompts().chat(style.told(messages, tools.offered()), options, limit),
        f.integer("truncate_prompt_tokens", -1, limit), limit);
    if (prompt.length == 0) {
      throw ApiException.invalid("messages", "The conversation has no tokens.");
    }
    params = service.sampling().fitting(f, params, prompt.length, limit, "messages");
    ReasoningReader.Start start = style.start(prompt);
    ToolDialect dialect = style.dialect(tools);
    ToolTypes types = new ToolTypes(tools.offered());
    GenerateRequest request = new GenerateRequest(
        prompt, params, service.names().adapters(model), service.sampling().processors(f))
        .cacheSalt(service.sampling().salt(f)).grammar(grammar(f, tools, dialect, start))
        .specialTokens(!f.flag("skip_special_tokens", true) || style.special(start, dialect));
    return new Work(Work.newId("chatcmpl-"), Instant.now().getEpochSecond(), model, Work.choices(request, n),
        prompt.length, Work.streaming(f), usage, new ChatForm(service.tokens(), logprobs != null,
            () -> new AnswerReader(start, dialect == null ? null : new ToolReader(dialect, types, tools.parallel()))));
  }

  /** The form of the answer, with the thoughts before it; null = any. */
  private @Nullable Grammar grammar(
      Fields f, Tools tools, @Nullable ToolDialect dialect, ReasoningReader.Start start) {
    Guided guided = Guided.read(f);
    Grammar forced = tools.forced();
    if (guided != null && forced != null) {
      throw ApiException.invalid("tool_choice", "tool_choice and " + guided.param() + " exclude each other.");
    }
    Grammar own = guided != null ? guided.grammar() : forced;
    List<Grammar> forms = own != null ? List.of(own) : style.free(dialect, tools);
    // a tool that is not strict may also be called as the model likes
    boolean must = own != null || forms.size() == 1;
    for (Grammar form : forms) {
      Grammar whole = ChatStyle.behindThoughts(form, start);
      try {
        Guided.check(service, whole, guided == null ? "tools" : guided.param());
        return whole;
      } catch (ApiException e) {
        if (must) {
          throw e;
        }
      }
    }
    return null;
  }

  private @Nullable Integer logprobs(Fields f) {
    boolean wanted = f.flag("logprobs", false);
    Integer top = f.integer("top_logprobs", 0, service.options().sizes().logprobs());
    if (top != null && !wanted) {
      throw ApiException.invalid("top_logprobs", "top_logprobs needs logprobs: true.");
    }
    return !wanted ? null : top == null ? Integer.valueOf(0) : top;
  }

  /** How a conversation is rendered; what a request sets for the template reaches nothing else. */
  static RenderOptions rendering(Service service, Fields f) {
    boolean continues = f.flag("continue_final_message", false);
    boolean opens = f.flag("add_generation_prompt", !continues);
    if (continues && opens) {
      throw ApiException.invalid("continue_final_message", "continue_final_message and add_generation_prompt exclude "
          + "each other.");
    }
    RenderOptions options = RenderOptions.defaults().withAddGenerationPrompt(opens).withContinueFinalMessage(continues);
    for (Map.Entry<String, Object> variable : service.served().variables().entrySet()) {
      options = options.withVariable(variable.getKey(), variable.getValue());
    }
    Fields variables = f.object("chat_template_kwargs");
    if (variables != null) {
      for (Map.Entry<String, JsonNode> variable : variables.node().properties()) {
        if (!RESERVED.contains(variable.getKey()) && !variable.getValue().isNull()) {
          Object value = service.json().plain(variables.node()).get(variable.getKey());
          options = value == null ? options : options.withVariable(variable.getKey(), value);
        }
      }
    }
    boolean thinking = f.flag("enable_thinking", true);
    return f.has("enable_thinking") ? options.withVariable("enable_thinking", thinking) : options;
  }
}
