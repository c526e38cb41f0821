package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonJson;
import org.jspecify.annotations.Nullable;

/**
 * A call that a model wrote.
 *
 * @param name the function
 * @param arguments its arguments, JSON where the model wrote JSON
 */
public record ToolCall(String name, String arguments) {
  static ToolCall of(Object name, @Nullable Object arguments) {
    return new ToolCall(String.valueOf(name), arguments instanceof String text ? text : PythonJson.dump(arguments));
  }
}
