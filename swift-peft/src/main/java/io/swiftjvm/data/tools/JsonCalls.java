package io.swiftjvm.data.tools;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.tools.AgentForm.Call;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A call as a JSON object: {@code {"name": .., "arguments": {..}}}, the second key by the form. */
final class JsonCalls {
  private static final JsonMapper JSON = new JsonMapper();

  private JsonCalls() {}

  static String write(Call call, String key) {
    Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
    ordered.put("name", call.name());
    ordered.put(key, call.arguments());
    return PythonJson.dump(ordered);
  }

  static Optional<ToolCall> read(Map<?, ?> map, String key) {
    Object name = map.get("name");
    return name != null && map.containsKey(key) ? Optional.of(ToolCall.of(name, map.get(key))) : Optional.empty();
  }

  /** All JSON objects that stand in a text, one inside another not counted. */
  static List<Map<?, ?>> scan(String text) {
    List<Map<?, ?>> out = new ArrayList<>();
    for (int at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
      try (JsonParser parser = JSON.createParser(text.substring(at))) {
        out.add(JSON.readValue(parser, Map.class));
        at += (int) parser.currentLocation().getCharOffset();
      } catch (IOException e) {
        at++; // no object begins here
      }
    }
    return out;
  }
}
