package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PlainLiterals;
import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.tools.AgentForm.Call;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tools, calls and results as the columns of a row hold them: plain data, or JSON or Python literals as text. */
public final class ToolColumns {
  private ToolColumns() {}

  /** The tools of a row as a list of {@code {"type": "function", "function": {..}}}, empty if it has none. */
  public static List<Object> of(Map<String, ?> columns) {
    Object given = columns.get("tools");
    return given == null || (given instanceof String text && text.isBlank()) ? List.of() : tools(given);
  }

  private static List<Object> tools(Object given) {
    Object parsed = given instanceof String text ? PlainLiterals.parse(text, "tools") : given;
    if (!(parsed instanceof List<?> list)) {
      throw new DatasetException("tools is no list of function descriptions. Write a JSON list.");
    }
    List<Object> out = new ArrayList<>();
    for (Object tool : list) {
      Object plain = tool instanceof String text ? PlainLiterals.parse(text, "a tool") : tool;
      if (!(plain instanceof Map<?, ?> map)) {
        throw new DatasetException("a tool is no object: " + tool
            + ". Write {\"type\": \"function\", \"function\": {..}}.");
      }
      out.add(map.containsKey("type") ? map : wrapped(map));
    }
    return out;
  }

  private static Map<String, Object> wrapped(Map<?, ?> function) {
    Map<String, Object> outer = new LinkedHashMap<>();
    outer.put("type", "function");
    outer.put("function", function);
    return outer;
  }

  /** The description inside a tool. */
  static Map<?, ?> function(Object tool) {
    return tool instanceof Map<?, ?> map ? map.get("function") instanceof Map<?, ?> inner ? inner : map : Map.of();
  }

  /** The calls in the contents of tool_call messages. */
  public static List<Call> calls(List<Object> contents) {
    List<Call> out = new ArrayList<>();
    for (Object content : contents) {
      Object parsed = content instanceof String text ? PlainLiterals.parse(text, "a tool call") : content;
      Object name = parsed instanceof Map<?, ?> m ? m.get("name") : null;
      if (!(parsed instanceof Map<?, ?> map) || name == null) {
        throw new DatasetException("a tool call is no object with name and arguments: " + content
            + ". Write {\"name\": .., \"arguments\": {..}}.");
      }
      Object arguments = map.containsKey("arguments") ? map.get("arguments") : map.get("parameters");
      out.add(new Call(name,
          arguments instanceof String text ? PlainLiterals.parse(text, "the arguments of a tool call") : arguments));
    }
    return out;
  }

  /** The results in the contents of tool messages. */
  public static List<String> results(List<Object> contents) {
    return contents.stream().map(c -> c instanceof String text ? text : PythonJson.dump(c)).toList();
  }
}
