package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings a row of any known format into standard form: messages, sharegpt, query/response, alpaca, plain text, token
 * ids.
 * Column names match without case. Two source columns for one target: neither is renamed, as in ms-swift.
 */
final class RowFormat {
  private static final Map<String, List<String>> ALIASES = Map.of(
      "system", List.of("system", "system_prompt"),
      "query", List.of("query", "prompt", "input", "instruction", "question", "problem"),
      "response", List.of("response", "answer", "output", "targets", "target", "answer_key", "answers", "solution", "text",
          "completion", "content"));
  private static final List<String> CONVERSATIONS = List.of("messages", "conversation", "conversations");
  private static final Set<String> USED = Set.of("messages", "conversation", "conversations", "system", "query", "response",
      "history", "instruction", "input", "output");

  private RowFormat() {}

  static Row standard(Map<String, @Nullable Object> raw, LoadOptions options, Origin origin) {
    Map<String, @Nullable Object> columns = renamed(raw, options.columns());
    boolean auto = options.autoColumns();
    Map<String, Object> extra = new LinkedHashMap<>();
    if (columns.containsKey("input_ids")) {
      TokenRows.check(columns);
      columns.forEach((k, v) -> put(extra, k, v));
      return new Row(List.of(), extra, origin);
    }
    boolean alpaca = columns.containsKey("instruction") && columns.containsKey("input");
    List<Message> messages;
    List<Object> images = new ArrayList<>();
    if (auto ? CONVERSATIONS.stream().anyMatch(columns::containsKey) : columns.containsKey("messages")) {
      messages = conversation(columns, images);
    } else if (alpaca) {
      messages = pairs(mapped(columns, true, auto), alpaca(columns));
    } else {
      Map<String, @Nullable Object> mapped = mapped(columns, false, auto);
      messages = pairs(mapped, text(mapped.get("query"), "query"));
    }
    if (messages.isEmpty()) {
      throw new DatasetException("the row has no message; its columns are " + raw.keySet()
          + ". Write messages, query and response, or text, or name the columns with --columns.");
    }
    Extras.checkRejected(columns, messages);
    columns.forEach((k, v) -> {
      if (!USED.contains(k) && !isSource(k)) {
        String name = auto ? Extras.target(k, columns) : k;
        put(extra, name, v == null ? null : Extras.standard(name, v));
      }
    });
    if (!images.isEmpty()) {
      if (extra.containsKey("images")) {
        throw new DatasetException("the row has pictures in its messages and a column of images. Use one of them.");
      }
      extra.put("images", Extras.standard("images", images));
    }
    return new Row(messages, extra, origin);
  }

  private static boolean isSource(String column) {
    return ALIASES.values().stream().anyMatch(list -> list.contains(column)) && !column.equals("solution");
  }

  private static void put(Map<String, Object> extra, String key, @Nullable Object value) {
    if (value != null) {
      extra.put(key, value);
    }
  }

  private static Map<String, @Nullable Object> renamed(
      Map<String, @Nullable Object> raw, Map<String, String> renames) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    raw.forEach((name, value) -> {
      String to = renames.get(name);
      String key = to != null ? to : renames.isEmpty() ? name.toLowerCase(Locale.ROOT) : lower(name, renames);
      if (out.containsKey(key)) {
        throw new DatasetException("the columns option makes two columns '" + key + "' of " + raw.keySet()
            + ". Rename the one that is there, too.");
      }
      out.put(key, value);
    });
    return out;
  }

  private static String lower(String name, Map<String, String> renames) {
    return renames.containsKey(name) ? name : name.toLowerCase(Locale.ROOT);
  }

  /** The columns system, query, response and history under these names. */
  private static Map<String, @Nullable Object> mapped(
      Map<String, @Nullable Object> columns, boolean alpaca, boolean auto) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("history", columns.get("history"));
    ALIASES.forEach((target, sources) -> {
      if (columns.containsKey(target)) {
        out.put(target, columns.get(target));
      }
      if (columns.containsKey(target) || !auto && !(alpaca && target.equals("response"))) {
        return;
      }
      List<String> there = sources.stream().filter(columns::containsKey)
          .filter(s -> !(alpaca && (s.equals("instruction") || s.equals("input")))).toList();
      if (there.size() == 1) {
        out.put(target, columns.get(there.getFirst()));
      }
    });
    return out;
  }

  private static @Nullable String alpaca(Map<String, @Nullable Object> columns) {
    String instruction = text(columns.get("instruction"), "instruction");
    String input = text(columns.get("input"), "input");
    if (instruction == null && input == null) {
      throw new DatasetException("instruction and input are both null. Write at least one.");
    }
    String first = instruction == null ? "" : instruction;
    String second = input == null ? "" : input;
    return first.isEmpty() || second.isEmpty() ? first + second : first + "\n" + second;
  }

  private static List<Message> pairs(Map<String, @Nullable Object> columns, @Nullable String query) {
    List<Message> out = new ArrayList<>();
    String system = text(columns.get("system"), "system");
    if (system != null) {
      out.add(message("system", system));
    }
    Object history = columns.get("history");
    Object rounds = history instanceof String s ? PlainLiterals.parse(s, "history") : history;
    if (rounds instanceof List<?> list) {
      for (Object round : list) {
        if (!(round instanceof List<?> pair) || pair.size() != 2) {
          throw new DatasetException("history holds " + round + ". Write [[question, answer], ..].");
        }
        add(out, "user", text(pair.get(0), "history"));
        add(out, "assistant", text(pair.get(1), "history"));
      }
    } else if (rounds != null) {
      throw new DatasetException("history is no list. Write [[question, answer], ..].");
    }
    add(out, "user", query);
    Object response = columns.get("response");
    add(out, "assistant", text(response instanceof List<?> l && !l.isEmpty() ? l.getFirst() : response, "response"));
    boolean said = out.stream().anyMatch(m -> !m.role().equals("system"));
    return said ? out : List.of();
  }

  private static void add(List<Message> out, String role, @Nullable String text) {
    if (text != null) {
      out.add(message(role, text));
    }
  }

  private static Message message(String role, String text) {
    return new Message(role, text, null, null);
  }

  private static @Nullable String text(@Nullable Object value, String column) {
    return switch (value) {
      case null -> null;
      case String s -> s;
      case Number n -> n.toString();
      case Boolean b -> b.toString();
      default -> throw new DatasetException("the column '" + column + "' is no text: " + value + ". Write a string.");
    };
  }

  private static List<Message> conversation(Map<String, @Nullable Object> columns, List<Object> images) {
    Object value = CONVERSATIONS.stream().map(columns::get).filter(v -> v != null).findFirst().orElse(null);
    List<Message> messages = Conversations.read(value instanceof String s ? PlainLiterals.parse(s, "messages") : value, images);
    String system = text(columns.containsKey("system") ? columns.get("system") : columns.get("system_prompt"), "system");
    if (system != null && !messages.getFirst().role().equals("system")) {
      List<Message> out = new ArrayList<>(messages);
      out.addFirst(message("system", system));
      return out;
    }
    return messages;
  }
}
