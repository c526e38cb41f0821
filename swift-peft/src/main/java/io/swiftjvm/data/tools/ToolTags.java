package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.rows.PythonRepr;
import java.util.Map;
import java.util.Set;

/** A tool as nested tags, the way Qwen3-Coder reads it. */
final class ToolTags {
  private ToolTags() {}

  static String describe(Object tool) {
    Map<?, ?> function = ToolColumns.function(tool);
    StringBuilder out = new StringBuilder("<function>\n<name>").append(function.get("name")).append("</name>");
    description(out, function);
    out.append("\n<parameters>");
    if (function.get("parameters") instanceof Map<?, ?> parameters) {
      if (parameters.get("properties") instanceof Map<?, ?> properties) {
        properties.forEach((key, fields) -> parameter(out, key, fields));
      }
      others(out, parameters, Set.of("type", "properties"));
    }
    out.append("\n</parameters>");
    others(out, function, Set.of("type", "name", "description", "parameters"));
    return out.append("\n</function>").toString();
  }

  private static void parameter(StringBuilder out, Object name, Object given) {
    out.append("\n<parameter>\n<name>").append(name).append("</name>");
    if (given instanceof Map<?, ?> fields) {
      if (fields.containsKey("type")) {
        out.append("\n<type>").append(PythonRepr.text(fields.get("type"))).append("</type>");
      }
      description(out, fields);
      others(out, fields, Set.of("name", "type", "description"));
    }
    out.append("\n</parameter>");
  }

  private static void description(StringBuilder out, Map<?, ?> fields) {
    if (fields.get("description") instanceof String text) {
      out.append("\n<description>").append(text.strip()).append("</description>");
    }
  }

  private static void others(StringBuilder out, Map<?, ?> fields, Set<String> written) {
    fields.forEach((key, value) -> {
      if (!written.contains(key)) {
        out.append("\n<").append(key).append('>').append(PythonJson.dump(value)).append("</").append(key).append('>');
      }
    });
  }
}
