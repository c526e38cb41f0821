package io.swiftjvm.data.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tool forms of this version. */
enum AgentForms implements AgentForm {
  /** Qwen and others: tools in the system text, calls and results between XML-like tags. */
  HERMES {
    @Override
    public String system(@Nullable String system, List<Object> tools) {
      String lines = tools.stream().map(PythonJson::dump).collect(Collectors.joining("\n"));
      return (system == null ? "" : system) + "\n\n# Tools\n\nYou may call one or more functions to assist with the user "
          + "query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n" + lines
          + "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
          + "<tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": "
          + "<args-json-object>}\n</tool_call>";
    }

    @Override
    public String calls(List<Call> calls) {
      return calls.stream().map(c -> "<tool_call>\n" + json(c, "arguments") + "\n</tool_call>")
          .collect(Collectors.joining("\n"));
    }

    @Override
    public String results(TemplateMeta meta, List<String> results) {
      return AgentForm.literal(meta.chatSep()) + AgentForm.literal(meta.prompt()).replace("{{QUERY}}", tagged(results));
    }

    @Override
    public Optional<String> standalone(TemplateMeta meta, List<String> results) {
      String prompt = AgentForm.literal(meta.prompt());
      return Optional.of(AgentForm.literal(meta.chatSep()) + prompt.substring(0, prompt.indexOf("{{QUERY}}"))
          + tagged(results));
    }

    private String tagged(List<String> results) {
      return results.stream().map(text -> "<tool_response>\n" + text + "\n</tool_response>")
          .collect(Collectors.joining("\n"));
    }
  },

  /** Llama 3: tools before the first question, calls as bare JSON, results from a role of their own. */
  LLAMA3 {
    @Override
    public String query(String query, List<Object> tools) {
      String list = tools.stream().map(tool -> PythonJson.dump(tool, 4) + "\n\n").collect(Collectors.joining());
      return "Given the following functions, please respond with a JSON for a function call with its proper arguments "
          + "that best answers the given prompt.\n\nRespond in the format {\"name\": function name, \"parameters\": "
          + "dictionary of argument name and its value}. Do not use variables.\n\n" + list + query;
    }

    @Override
    public String calls(List<Call> calls) {
      return calls.stream().map(c -> json(c, "parameters")).collect(Collectors.joining("\n"));
    }

    @Override
    public String results(TemplateMeta meta, List<String> results) {
      return AgentForm.literal(meta.chatSep()) + results.stream()
          .map(text -> "<|start_header_id|>tool<|end_header_id|>\n\n" + text + "<|eot_id|>").collect(Collectors.joining())
          + "<|start_header_id|>assistant<|end_header_id|>\n\n";
    }
  },

  /** DeepSeek V3.1: tools in the system text, calls and results between tokens of their own. */
  DEEPSEEK_V3_1 {
    @Override
    public String system(@Nullable String system, List<Object> tools) {
      StringBuilder out = new StringBuilder(system == null ? "" : system);
      out.append("\n\n## Tools\nYou have access to the following tools:\n\n");
      for (Object tool : tools) {
        Map<?, ?> function = tool instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> f ? f : Map.of();
        out.append("### ").append(function.get("name")).append("\nDescription: ").append(function.get("description"))
            .append("\n\nParameters: ").append(PythonJson.dump(function.get("parameters"))).append("\n\n");
      }
      return out.append("IMPORTANT: ALWAYS adhere to this exact format for tool use:\n<｜tool▁calls▁begin｜>"
          + "<｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>"
          + "{additional_tool_calls}<｜tool▁calls▁end｜>\n\nWhere:\n- `tool_call_name` must be an exact match to one of the "
          + "available tools\n- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters "
          + "Schema\n- For multiple tool calls, chain them directly without separators or spaces").toString();
    }

    @Override
    public String calls(List<Call> calls) {
      return "<｜tool▁calls▁begin｜>" + calls.stream().map(c -> "<｜tool▁call▁begin｜>" + c.name() + "<｜tool▁sep｜>"
          + PythonJson.dump(c.arguments()) + "<｜tool▁call▁end｜>").collect(Collectors.joining()) + "<｜tool▁calls▁end｜>";
    }

    @Override
    public String results(TemplateMeta meta, List<String> results) {
      return AgentForm.literal(meta.chatSep()) + results.stream()
          .map(text -> "<｜tool▁output▁begin｜>" + text + "<｜tool▁output▁end｜>").collect(Collectors.joining());
    }

    @Override
    public boolean thinksAfterResults() {
      return false;
    }
  };

  private static String json(Call call, String key) {
    Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
    ordered.put("name", call.name());
    ordered.put(key, call.arguments());
    return PythonJson.dump(ordered);
  }
}
