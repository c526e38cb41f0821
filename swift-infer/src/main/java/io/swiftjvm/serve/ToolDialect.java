package io.swiftjvm.serve;

import io.swiftjvm.data.tools.AgentForm;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.serve.FreeCalls.Kind;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How calls of tools are found in what a model writes.
 *
 * @param form reads calls that are complete
 * @param begins texts that calls begin with
 * @param first true if calls begin where the answer does
 * @param end what the calls behind one beginning end with; empty = the end of the answer
 * @param header what stands before the arguments of a call where they are JSON, with the name as its only group that
 *     matches. Lets arguments be shown while they are written
 * @param kind how such calls can be demanded of a model once it has begun one
 */
record ToolDialect(
    AgentForm form, List<String> begins, boolean first, String end, Pattern header, FreeCalls.Kind kind) {
  private static final String JSON_NAME = "\"((?:[^\"\\\\]|\\\\.)*+)\"";
  private static final Pattern JSON =
      Pattern.compile("\\{\\s*+\"name\"\\s*+:\\s*+" + JSON_NAME + "\\s*+,\\s*+\"(?:arguments|parameters)\"\\s*+:\\s*+(?=\\{)");
  private static final Pattern MISTRAL = Pattern.compile(
      "(?:" + JSON.pattern() + ")|\\[TOOL_CALLS]([\\w.-]++)[^{]*?\\[ARGS](?=\\{)");
  private static final Pattern DEEPSEEK = Pattern.compile("<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?+"
      + "([^<\\n]++)(?:<｜tool▁sep｜>|\\n```(?:json)?+\\n)\\s*+(?=\\{)");
  private static final Pattern LINE = Pattern.compile("([\\w.:-]++)\\n(?=\\{)");

  /** Hermes' and Qwen's form, and what {@code tool_choice} makes a model write, whatever its own form is. */
  static final ToolDialect FORCED = tagged("hermes", Kind.HERMES);

  private static ToolDialect tagged(String form, Kind kind) {
    return new ToolDialect(AgentForms.of(form), List.of("<tool_call>"), false, "</tool_call>", JSON, kind);
  }

  /**
   * The form that a chat template teaches.
   *
   * @param tools those of the request
   */
  static ToolDialect of(@Nullable String template, List<Map<String, Object>> tools) {
    String source = template == null ? "" : template;
    if (source.contains("<arg_key>")) {
      return tagged("glm4_5", Kind.GLM);
    }
    if (source.contains("<function=")) {
      return tagged("qwen3_coder", Kind.CODER);
    }
    if (source.contains("<tool_call>")) {
      return FORCED;
    }
    if (source.contains("[TOOL_CALLS]")) {
      return new ToolDialect(AgentForms.of("mistral"), List.of("[TOOL_CALLS]"), false, "", MISTRAL,
          source.contains("[ARGS]") ? Kind.MISTRAL_NAMES : Kind.MISTRAL_LIST);
    }
    if (source.contains("tool▁call")) {
      return new ToolDialect(
          AgentForms.of("deepseek_v3_1"), List.of("<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>"), false, "", DEEPSEEK,
          source.contains("```json") ? Kind.DEEPSEEK_FENCED : Kind.DEEPSEEK);
    }
    if (source.contains("<|observation|>")) {
      List<String> names = tools.stream().map(ToolDialect::name).map(name -> name + "\n{").toList();
      return new ToolDialect(AgentForms.of("glm4"), names, true, "", LINE, Kind.NONE);
    }
    if (source.contains("<|python_tag|>") || source.contains("\"parameters\"")) {
      return new ToolDialect(AgentForms.of("llama3"), List.of("{", "<|python_tag|>"), true, "", JSON,
          source.contains("<|python_tag|>") ? Kind.LLAMA : Kind.NONE);
    }
    return FORCED;
  }

  private static String name(Map<String, Object> tool) {
    return tool.get("function") instanceof Map<?, ?> function ? String.valueOf(function.get("name")) : "";
  }
}
