package io.swiftjvm.data.tools;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a family of models writes tools, calls and results.
 *
 * {@snippet :
 * AgentForm form = AgentForms.of("hermes");
 * List<ToolCall> calls = form.parse("<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1}}</tool_call>");
 * }
 *
 * <p>A form of your own implements this and goes into a template with {@code TemplateMeta.agent(form)}.
 */
public interface AgentForm {
  /** One call of a row, its arguments as plain data. */
  record Call(Object name, @Nullable Object arguments) {}

  /**
   * The texts of the template around a round.
   *
   * @param separator behind an answer that more rounds follow
   * @param prompt around a question, with {@code {{QUERY}}}
   */
  record Frame(String separator, String prompt) {
    /** What stands before a question. */
    public String open() {
      return prompt.substring(0, Math.max(0, prompt.indexOf("{{QUERY}}")));
    }

    /** What stands behind a question. */
    public String close() {
      int at = prompt.indexOf("{{QUERY}}");
      return at < 0 ? "" : prompt.substring(at + "{{QUERY}}".length());
    }
  }

  /** The name by which {@code --agent_template} finds it. */
  String name();

  /** The system text with the tools, or what it was if they stand elsewhere. */
  default @Nullable String system(@Nullable String system, List<Object> tools) {
    return system;
  }

  /** The first question with the tools, or what it was if they stand elsewhere. */
  default String query(String query, List<Object> tools) {
    return query;
  }

  /** Calls as the assistant writes them. */
  String calls(List<Call> calls);

  /** What stands between an answer's own text and the calls that follow it. */
  default String gap(String text) {
    return "";
  }

  /**
   * All that stands between the calls and the next answer.
   *
   * @param answer the answer that called, null where it has several parts
   */
  String results(Frame frame, @Nullable String answer, List<String> results);

  /** Results without calls before them, to be put behind a question; empty where that cannot be written. */
  default Optional<String> standalone(Frame frame, List<String> results) {
    return Optional.empty();
  }

  /** Whether an answer in the ReAct form gets its results in that form. */
  default boolean takesReact() {
    return true;
  }

  /** The calls in a text that a model wrote, none if it calls nothing. */
  List<ToolCall> parse(String generated);
}
