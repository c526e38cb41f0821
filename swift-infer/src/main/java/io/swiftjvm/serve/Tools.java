package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The functions that a request lets the model call.
 *
 * @param offered as chat templates take them; none where the model shall not call
 * @param forced the only ones that the answer may consist of; null where the model may do as it likes
 * @param free functions by name that the model may call where it likes
 * @param parallel whether an answer may have several calls
 */
record Tools(
    List<Map<String, Object>> offered, @Nullable Grammar forced, Map<String, Fields> free, boolean parallel) {
  private static final int MOST = 128;
  private static final int MOST_CALLS = 64;
  private static final String NAME = "[A-Za-z0-9_.:-]{1,64}";
  private static final String BEGIN = "<tool_call>";
  private static final String END = "</tool_call>";
  private static final String NOTHING = "{\"type\": \"object\", \"additionalProperties\": false}";

  static Tools read(Fields f, Json json) {
    List<JsonNode> nodes = f.list("tools", MOST);
    Map<String, Fields> functions = new LinkedHashMap<>();
    List<Map<String, Object>> offered = new ArrayList<>();
    for (int i = 0; nodes != null && i < nodes.size(); i++) {
      Fields function = function(Fields.of(nodes.get(i), "tools[" + i + "]"));
      if (functions.put(function.requiredText("name"), function) != null) {
        throw ApiException.invalid(function.path("name"), "There are two tools of the name in " + function.path("name")
            + ".");
      }
      offered.add(json.plain(nodes.get(i)));
    }
    boolean parallel = f.flag("parallel_tool_calls", true);
    JsonNode choice = f.get("tool_choice");
    if (choice == null || choice.asText().equals("auto")) {
      return new Tools(offered, null, functions, parallel);
    }
    if (choice.asText().equals("none")) {
      return new Tools(List.of(), null, Map.of(), parallel);
    }
    boolean named = choice.isObject();
    if (!named && !choice.asText().equals("required")) {
      throw ApiException.invalid(
          "tool_choice", "tool_choice must be none, auto, required or {\"type\": \"function\", \"function\": {..}}.");
    }
    if (functions.isEmpty()) {
      throw ApiException.invalid("tool_choice", "tool_choice needs tools.");
    }
    List<Grammar> calls = new ArrayList<>();
    if (named) {
      Fields wanted = Fields.of(choice, "tool_choice").object("function");
      String name = wanted == null ? "" : wanted.requiredText("name");
      Fields function = functions.get(name);
      if (function == null) {
        throw ApiException.invalid("tool_choice", "tool_choice names '" + Text.brief(name) + "', which is none of the "
            + "tools.");
      }
      calls.add(call(name, function));
    } else {
      functions.forEach((name, function) -> calls.add(call(name, function)));
    }
    Grammar call = Grammar.oneOf(calls);
    boolean several = parallel && !named;
    return new Tools(offered, several ? Grammar.sequence(call, Grammar.repeat(Grammar.sequence(Grammar.text("\n"), call),
        0, MOST_CALLS - 1)) : call, Map.of(), parallel);
  }

  private static Fields function(Fields tool) {
    String type = tool.requiredText("type");
    if (!type.equals("function")) {
      throw ApiException.invalid(tool.path("type"), tool.path("type") + " is '" + Text.brief(type)
          + "'; it must be function.");
    }
    Fields function = tool.object("function");
    if (function == null) {
      throw ApiException.invalid(tool.path("function"), tool.path("function") + " is missing.");
    }
    if (!function.requiredText("name").matches(NAME)) {
      throw ApiException.invalid(
          function.path("name"), function.path("name") + " must have 1 to 64 letters, digits, '_', '-', '.' or ':'.");
    }
    function.text("description");
    function.object("parameters");
    function.flag("strict", false);
    return function;
  }

  /** Arguments of a function as JSON of its schema. */
  static Grammar parameters(Fields function) {
    JsonNode parameters = function.get("parameters");
    return Grammar.json(parameters == null ? NOTHING : parameters.toString());
  }

  /** A call in {@link ToolDialect#FORCED}. */
  private static Grammar call(String name, Fields function) {
    return Grammar.sequence(Grammar.text(BEGIN + "\n{\"name\": \"" + name + "\", \"arguments\": "),
        parameters(function), Grammar.text("}\n" + END));
  }
}
