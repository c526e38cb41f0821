package io.swiftjvm.serve;

import io.swiftjvm.data.tools.AgentForm;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.data.tools.ToolColumns;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a model was taught to think and to call tools, as its chat template shows. */
final class ChatStyle {
  /** Tokens at the end of a prompt among which its thoughts are opened or closed. */
  private static final int TAIL = 16;
  /** The form in which tools are told to a model whose template knows none. */
  private static final AgentForm TOLD = AgentForms.of("hermes");

  private final Tokenizer tokenizer;
  private final @Nullable String template;
  private final boolean tools;
  private final boolean thinks;

  ChatStyle(ServedModel served) {
    ChatTemplate own = served.template();
    tokenizer = served.tokenizer();
    template = own == null ? null : own.source();
    tools = own != null && own.takesTools();
    thinks = template != null
        && (template.contains(ReasoningReader.OPEN) || template.contains(ReasoningReader.CLOSE));
  }

  /** Where an answer to a prompt begins. */
  ReasoningReader.Start start(int... prompt) {
    if (!thinks) {
      return ReasoningReader.Start.ANSWER;
    }
    int known = tokenizer.vocabSize();
    int[] tail = Arrays.stream(prompt).skip(Math.max(0, prompt.length - TAIL)).filter(id -> id < known).toArray();
    String end = tokenizer.decode(tail, false).stripTrailing();
    return end.endsWith(ReasoningReader.OPEN) ? ReasoningReader.Start.THOUGHTS
        : end.endsWith(ReasoningReader.CLOSE) ? ReasoningReader.Start.ANSWER : ReasoningReader.Start.FREE;
  }

  /** A form that the thoughts stand before, where there may be some. */
  static Grammar behindThoughts(Grammar form, ReasoningReader.Start start) {
    Grammar closed = Grammar.sequence(Grammar.until(ReasoningReader.CLOSE), Grammar.regex("\\n{0,2}"));
    return switch (start) {
      case ANSWER -> form;
      case THOUGHTS -> Grammar.sequence(closed, form);
      case FREE -> Grammar.sequence(
          Grammar.repeat(Grammar.sequence(Grammar.text(ReasoningReader.OPEN), closed), 0, 1), form);
    };
  }

  /** How calls are found in an answer; null where it shall not call. */
  @Nullable ToolDialect dialect(Tools request) {
    return request.offered().isEmpty() ? null : request.forced() != null ? ToolDialect.FORCED
        : ToolDialect.of(tools ? template : null, request.offered());
  }

  /** Forms of an answer that may hold calls in a dialect, the best one first; none where calls cannot be told from text. */
  List<Grammar> free(@Nullable ToolDialect dialect, Tools request) {
    return dialect == null ? List.of() : FreeCalls.of(dialect.kind(), request.free(), request.parallel(), this::special);
  }

  /** True if what an answer is parted by are special tokens, which then must show in its text. */
  boolean special(ReasoningReader.Start start, @Nullable ToolDialect dialect) {
    Stream<String> thoughts =
        start == ReasoningReader.Start.ANSWER ? Stream.of() : Stream.of(ReasoningReader.OPEN, ReasoningReader.CLOSE);
    Stream<String> calls = dialect == null ? Stream.of()
        : Stream.concat(dialect.begins().stream(), Stream.of(dialect.end()));
    return Stream.concat(thoughts, calls).anyMatch(this::special);
  }

  private boolean special(String text) {
    OptionalInt id = tokenizer.id(text);
    return id.isPresent() && tokenizer.special().all().contains(id.getAsInt());
  }

  /** The tools that the template itself tells the model. */
  List<Map<String, Object>> known(List<Map<String, Object>> offered) {
    return tools ? offered : List.of();
  }

  /** The conversation, with tools, calls and results as text where the template knows none. */
  List<Map<String, Object>> told(List<Map<String, Object>> messages, List<Map<String, Object>> offered) {
    if (tools) {
      return messages;
    }
    List<Map<String, Object>> all = new ArrayList<>();
    for (Map<String, Object> message : messages) {
      all.add(told(message));
    }
    if (!offered.isEmpty()) {
      boolean first = "system".equals(all.getFirst().get("role"));
      Object given = first ? all.removeFirst().get("content") : null;
      String system = TOLD.system(given == null ? null : String.valueOf(given), new ArrayList<>(offered));
      all.addFirst(Map.of("role", "system", "content", String.valueOf(system).stripLeading()));
    }
    return all;
  }

  private static String told(List<Object> calls) {
    try {
      return TOLD.calls(ToolColumns.calls(calls));
    } catch (DatasetException e) {
      throw ApiException.invalid("messages", "A call in messages cannot be told to the model: " + e.getMessage());
    }
  }

  private static Map<String, Object> told(Map<String, Object> message) {
    String content = String.valueOf(message.get("content"));
    if ("tool".equals(message.get("role"))) {
      return Map.of("role", "user", "content", "<tool_response>\n" + content + "\n</tool_response>");
    }
    if (!(message.get("tool_calls") instanceof List<?> calls)) {
      return message;
    }
    List<Object> plain = new ArrayList<>();
    for (Object call : calls) {
      plain.add(call instanceof Map<?, ?> map ? map.get("function") : call);
    }
    Map<String, Object> out = new LinkedHashMap<>(message);
    out.remove("tool_calls");
    out.put("content", content + (content.isBlank() ? "" : "\n") + told(plain));
    return out;
  }
}
