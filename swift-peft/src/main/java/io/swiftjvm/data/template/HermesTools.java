package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.PlainLiterals;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tools, calls and responses in the Hermes form that Qwen models use. */
final class HermesTools {
  private HermesTools() {}

  /** The system text with the list of tools behind it. */
  static String system(@Nullable String system, Object tools) {
    Object parsed = tools instanceof String text ? PlainLiterals.parse(text, "tools") : tools;
    if (!(parsed instanceof List<?> list)) {
      throw new DatasetException("tools is no list of function descriptions. Write a JSON list.");
    }
    String lines = list.stream().map(t -> t instanceof String s ? PlainLiterals.parse(s, "a tool") : t)
        .map(HermesTools::wrapped).map(PythonJson::dump).collect(Collectors.joining("\n"));
    return (system == null ? "" : system) + "\n\n# Tools\n\nYou may call one or more functions to assist with the user "
        + "query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n" + lines
        + "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
        + "<tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": "
        + "<args-json-object>}\n</tool_call>";
  }

  private static @Nullable Object wrapped(@Nullable Object tool) {
    if (tool instanceof Map<?, ?> map && !map.containsKey("type")) {
      Map<String, Object> outer = new LinkedHashMap<>();
      outer.put("type", "function");
      outer.put("function", map);
      return outer;
    }
    return tool;
  }

  /** Calls as the assistant writes them. */
  static String calls(List<Object> calls) {
    List<String> out = new ArrayList<>();
    for (Object call : calls) {
      Object parsed = call instanceof String text ? PlainLiterals.parse(text, "a tool call") : call;
      if (!(parsed instanceof Map<?, ?> map) || !map.containsKey("name")) {
        throw new DatasetException("a tool call is no object with name and arguments: " + call
            + ". Write {\"name\": .., \"arguments\": {..}}.");
      }
      Object arguments = map.containsKey("arguments") ? map.get("arguments") : map.get("parameters");
      Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
      ordered.put("name", map.get("name"));
      ordered.put("arguments", arguments instanceof String text ? PlainLiterals.parse(text, "the arguments of a tool call") : arguments);
      out.add("<tool_call>\n" + PythonJson.dump(ordered) + "\n</tool_call>");
    }
    return String.join("\n", out);
  }

  /** Responses as the user's side writes them. */
  static String responses(List<Object> responses) {
    return responses.stream().map(r -> r instanceof String text ? text : PythonJson.dump(r))
        .map(text -> "<tool_response>\n" + text + "\n</tool_response>").collect(Collectors.joining("\n"));
  }

  /** Responses as they are, a line each: behind ReAct's {@code Observation:}. */
  static String plain(List<Object> responses) {
    return responses.stream().map(r -> (r instanceof String text ? text : PythonJson.dump(r)) + "\n")
        .collect(Collectors.joining());
  }
}
