package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.PlainLiterals;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a family of models writes tools, calls and results. */
public interface AgentForm {
  /** One call, parsed. */
  record Call(Object name, @Nullable Object arguments) {}

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

  /** All that stands between the calls and the next answer. */
  String results(TemplateMeta meta, List<String> results);

  /** Results without calls before them, to be put behind a question; empty where that cannot be written. */
  default Optional<String> standalone(TemplateMeta meta, List<String> results) {
    return Optional.empty();
  }

  /** Whether an answer behind results opens with a think block like any other. */
  default boolean thinksAfterResults() {
    return true;
  }

  /** The tools of a row as a list. */
  static List<Object> tools(Object given) {
    Object parsed = given instanceof String text ? PlainLiterals.parse(text, "tools") : given;
    if (!(parsed instanceof List<?> list)) {
      throw new DatasetException("tools is no list of function descriptions. Write a JSON list.");
    }
    List<Object> out = new ArrayList<>();
    for (Object tool : list) {
      Object plain = tool instanceof String text ? PlainLiterals.parse(text, "a tool") : tool;
      if (!(plain instanceof Map<?, ?> map)) {
        throw new DatasetException("a tool is no object: " + tool + ". Write {\"type\": \"function\", \"function\": {..}}.");
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

  /** The calls in the contents of tool_call messages. */
  static List<Call> parse(List<Object> contents) {
    List<Call> out = new ArrayList<>();
    for (Object content : contents) {
      Object parsed = content instanceof String text ? PlainLiterals.parse(text, "a tool call") : content;
      if (!(parsed instanceof Map<?, ?> map) || !(map.get("name") instanceof Object name)) {
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
  static List<String> texts(List<Object> contents) {
    return contents.stream().map(c -> c instanceof String text ? text : PythonJson.dump(c)).toList();
  }

  /** Results as they are, a line each: behind ReAct's {@code Observation:}. */
  static String observation(List<String> results) {
    return results.stream().map(text -> text + "\n").collect(Collectors.joining());
  }

  /** The text of a template part list. */
  static String literal(@Nullable List<Part> parts) {
    StringBuilder out = new StringBuilder();
    if (parts != null) {
      parts.forEach(part -> out.append(part instanceof Part.Text t ? t.text() : ""));
    }
    return out.toString();
  }
}
