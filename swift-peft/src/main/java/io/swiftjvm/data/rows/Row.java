package io.swiftjvm.data.rows;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One row in standard form.
 *
 * @param messages the conversation; empty for a row that is tokenised already
 * @param extra all other columns as plain JSON data: tools, chat_template_kwargs, input_ids, labels...
 * @param origin where it was read
 */
public record Row(List<Message> messages, Map<String, Object> extra, Origin origin) {
  public Row {
    messages = List.copyOf(messages);
    extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
  }

  /** True if the row brings token ids instead of messages. */
  public boolean tokenised() {
    return messages.isEmpty() && extra.containsKey("input_ids");
  }
}
