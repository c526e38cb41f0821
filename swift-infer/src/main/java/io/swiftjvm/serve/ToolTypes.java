package io.swiftjvm.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.data.tools.ToolCall;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the arguments of tools are: some models write all of them as text. */
final class ToolTypes {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Map<String, JsonNode> properties = new HashMap<>();

  ToolTypes(List<Map<String, Object>> tools) {
    for (Map<String, Object> tool : tools) {
      JsonNode function = JSON.valueToTree(tool).path("function");
      properties.put(function.path("name").asText(), function.at("/parameters/properties"));
    }
  }

  /** The arguments of a call as JSON; a text that is to be something else becomes that, if it can. */
  String arguments(ToolCall call) {
    JsonNode known = properties.get(call.name());
    if (known == null || !known.isObject() || !(tree(call.arguments()) instanceof ObjectNode arguments)) {
      return call.arguments();
    }
    boolean changed = false;
    for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
      JsonNode type = known.path(argument.getKey()).path("type");
      boolean text = type.isMissingNode() || type.toString().contains("\"string\"");
      JsonNode value = text || !argument.getValue().isTextual() ? null : tree(argument.getValue().textValue());
      if (value != null && !value.isMissingNode()) {
        argument.setValue(value);
        changed = true;
      }
    }
    return changed ? arguments.toString() : call.arguments();
  }

  private static JsonNode tree(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return JSON.missingNode();
    }
  }
}
