package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.tools.AgentForm.Call;
import io.swiftjvm.data.tools.ToolColumns;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message as chat templates know it: calls are a part of the assistant's message, results have the role tool.
 *
 * @param plain what the template sees
 * @param source the message of the row, for its weight
 */
record JinjaMessage(Map<String, Object> plain, Message source) {
  static List<JinjaMessage> of(List<Message> messages) {
    List<JinjaMessage> out = new ArrayList<>();
    for (Message message : messages) {
      JinjaMessage last = out.isEmpty() ? null : out.getLast();
      if (message.role().equals("tool_call")) {
        called(out, last, message);
      } else if (last != null && message.role().equals("user") && last.is("user")) {
        String joined = last.plain.get("content") + text(message);
        out.set(out.size() - 1, new JinjaMessage(Map.of("role", "user", "content", joined), message));
      } else {
        String role = message.role().equals("tool_response") ? "tool" : message.role();
        out.add(new JinjaMessage(Map.of("role", role, "content", text(message)), message));
      }
    }
    return out;
  }

  boolean is(String role) {
    return role.equals(plain.get("role"));
  }

  private static void called(List<JinjaMessage> out, @Nullable JinjaMessage last, Message message) {
    Map<String, Object> plain = new LinkedHashMap<>();
    List<Object> calls = new ArrayList<>();
    plain.put("role", "assistant");
    plain.put("content", "");
    if (last != null && last.is("assistant")) {
      if (!Objects.equals(last.source.loss(), message.loss())
          || !Objects.equals(last.source.lossScale(), message.lossScale())) {
        throw new DatasetException("an answer and the call behind it have different loss or loss_scale, but are one "
            + "message of the model's own chat template. Give them the same, or name a template with --template.");
      }
      plain.putAll(last.plain);
      calls.addAll(last.plain.get("tool_calls") instanceof List<?> before ? before : List.of());
      out.removeLast();
    }
    for (Call call : ToolColumns.calls(List.of(message.content()))) {
      Map<String, @Nullable Object> function = new LinkedHashMap<>();
      function.put("name", call.name());
      function.put("arguments", call.arguments());
      calls.add(Map.of("type", "function", "function", function));
    }
    plain.put("tool_calls", calls);
    out.add(new JinjaMessage(plain, message));
  }

  private static String text(Message message) {
    if (message.role().startsWith("tool")) {
      return ToolColumns.results(List.of(message.content())).getFirst();
    }
    if (message.content() instanceof String text) {
      return text;
    }
    throw new DatasetException("a " + message.role() + " message with token ids cannot go through the model's own chat "
        + "template. Name a training template with --template.");
  }
}
