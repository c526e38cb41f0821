package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.tools.AgentForm.Call;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A call as a JSON object: {@code {"name": .., "arguments": {..}}}, the second key by the form. */
final class JsonCalls {
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
}
