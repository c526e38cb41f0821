package io.swiftjvm.infer;

import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.CancellationToken;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A conversation with a model. Every turn renders the whole history through the template that training uses, so that
 * the model sees what it has learnt from.
 *
 * {@snippet :
 * Chat chat = new Chat(engine, tokenizer, messages -> template.render(messages, options).text()).system("Be brief.");
 * String answer = chat.say("Who are you?").text();
 * Usage usage = chat.say("Since when?", piece -> show(piece)).usage();
 * }
 *
 * <p>For one thread at a time; several chats may share an engine.
 */
public final class Chat {
  /** From messages to the prompt, opened for the assistant's answer. */
  @FunctionalInterface
  public interface Renderer {
    /** Each message has {@code role} and {@code content}, as chat templates take them. */
    String render(List<Map<String, Object>> messages);
  }

  private final Engine engine;
  private final Tokenizer tokenizer;
  private final Renderer renderer;
  private final List<Map<String, Object>> messages = new ArrayList<>();
  private SamplingParams sampling = SamplingParams.DEFAULT;
  private @Nullable List<String> adapters;
  private @Nullable Grammar grammar;

  /**
   * An empty conversation.
   *
   * @param tokenizer the engine's tokenizer
   * @param renderer the model's chat template with the generation prompt
   */
  public Chat(Engine engine, Tokenizer tokenizer, Renderer renderer) {
    this.engine = engine;
    this.tokenizer = tokenizer;
    this.renderer = renderer;
  }

  /** Adds a system message; before the first turn. */
  public Chat system(String text) {
    return add("system", text);
  }

  /** Adds a message that was said elsewhere. */
  public Chat add(String role, String text) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", text);
    messages.add(message);
    return this;
  }

  /** Sets the sampling of the next turns. Default: as the model says. */
  public Chat sampling(SamplingParams value) {
    sampling = value;
    return this;
  }

  /** Sets the adapters of the next turns, none = the bare model. Default: {@code default} where it is attached. */
  public Chat adapters(@Nullable List<String> names) {
    adapters = names == null ? null : List.copyOf(names);
    return this;
  }

  /** Sets the form of the next answers; null = any. Default: any. */
  public Chat grammar(@Nullable Grammar value) {
    grammar = value;
    return this;
  }

  /** The messages so far. */
  public List<Map<String, Object>> messages() {
    return List.copyOf(messages);
  }

  /** Forgets everything. */
  public void clear() {
    messages.clear();
  }

  /** One turn: what the user says and what the assistant answers both join the history. */
  public Reply say(String user) {
    return say(user, piece -> {}, new CancellationToken());
  }

  /** {@link #say(String)} that shows the answer while it is made. */
  public Reply say(String user, Consumer<String> listener) {
    return say(user, listener, new CancellationToken());
  }

  /**
   * {@link #say(String, Consumer)} that may be cancelled; what was said by then stays. A failed turn leaves no trace.
   */
  public Reply say(String user, Consumer<String> listener, CancellationToken cancellation) {
    int before = messages.size();
    add("user", user);
    boolean answered = false;
    try {
      int[] prompt = tokenizer.encode(renderer.render(messages()), false);
      GenerateRequest request = new GenerateRequest(prompt, sampling, adapters, List.of()).grammar(grammar);
      Completion done = engine.generate(
          List.of(request), (index, piece) -> listener.accept(piece), cancellation).getFirst();
      add("assistant", done.text());
      answered = true;
      return new Reply(done.text(), done.finishReason(), done.usage());
    } finally {
      if (!answered) {
        messages.subList(before, messages.size()).clear();
      }
    }
  }
}
