package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row with a preferred and a rejected answer as two conversations. {@code rejected_response} (a text, or messages)
 * replaces everything behind the last message of the role user or tool (not tool_response, as in ms-swift);
 * {@code rejected_messages} are a conversation of their own and
 * take nothing from the preferred one, neither its system text nor its tools.
 *
 * {@snippet :
 * PreferencePair pair = PreferencePair.of(row);
 * encoder.encode(pair.chosen().messages(), pair.chosen().extra());
 * }
 *
 * @param chosen the row with the preferred answer
 * @param rejected the row with the other one
 * @param margin by how much the first is better, if the row says so
 */
public record PreferencePair(Row chosen, Row rejected, @Nullable Double margin) {
  private static final String RESPONSE = "rejected_response";
  private static final String MESSAGES = "rejected_messages";

  /**
   * Both conversations of a row.
   *
   * @throws DatasetException if there is no rejected answer, or it is the preferred one
   */
  public static PreferencePair of(Row row) {
    Map<String, Object> extra = new LinkedHashMap<>(row.extra());
    Object messages = extra.remove(MESSAGES);
    Object response = extra.remove(RESPONSE);
    Object margin = extra.remove("margin");
    Row chosen = new Row(row.messages(), extra, row.origin());
    Row rejected;
    if (messages != null) {
      Map<String, Object> own = new LinkedHashMap<>(extra);
      own.remove("tools");
      rejected = new Row(Conversations.read(messages, new ArrayList<>()), own, row.origin());
    } else if (response != null) {
      rejected = new Row(replaced(row.messages(), response), extra, row.origin());
    } else {
      throw new DatasetException("the row has no rejected answer. Write " + RESPONSE + " or " + MESSAGES + ".");
    }
    if (rejected.messages().equals(chosen.messages())) {
      throw new DatasetException("the rejected answer is the preferred one: nothing can be learnt from the pair. Leave the "
          + "row out.");
    }
    return new PreferencePair(chosen, rejected, margin instanceof Number number ? number.doubleValue() : null);
  }

  private static List<Message> replaced(List<Message> messages, Object response) {
    int keep = messages.size();
    while (keep > 0 && !List.of("user", "tool").contains(messages.get(keep - 1).role())) {
      keep--;
    }
    List<Message> out = new ArrayList<>(messages.subList(0, keep));
    if (response instanceof List<?>) {
      for (Message message : Conversations.read(response, new ArrayList<>())) {
        if (message.role().equals("user") || message.role().equals("system")) {
          throw new DatasetException(RESPONSE + " has a message of the role " + message.role() + ". It holds answers, tool "
              + "calls and tool responses only; write " + MESSAGES + " for another conversation.");
        }
        out.add(message);
      }
    } else {
      out.add(new Message("assistant", response, null, null));
    }
    return out;
  }
}
