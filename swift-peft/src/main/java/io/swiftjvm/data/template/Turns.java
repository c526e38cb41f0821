package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.template.Turn.Said;
import io.swiftjvm.data.tools.AgentForm;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.data.tools.KeywordForm;
import io.swiftjvm.data.tools.ToolColumns;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Messages as rounds: consecutive users and consecutive assistants join, calls and responses of tools take their
 * written form, a row that starts with an assistant gets an empty question.
 *
 * @param system the row's own system text, null if it has none
 * @param turns the rounds
 */
record Turns(@Nullable String system, List<Turn> turns) {
  static Turns of(List<Message> messages, TemplateMeta meta) {
    int from = !messages.isEmpty() && messages.getFirst().role().equals("system") ? 1 : 0;
    String system = from == 1 ? text(messages.getFirst().content(), "system") : null;
    Builder builder = new Builder(meta);
    for (int i = from; i < messages.size();) {
      Message message = messages.get(i);
      int to = i + 1;
      switch (message.role()) {
        case "user" -> builder.user(text(message.content(), "user"));
        case "assistant" -> builder.assistant(said(message, message.content()));
        case "tool_call" -> {
          to = end(messages, i, "tool_call", "tool_call");
          builder.calls(message, agent(meta), ToolColumns.calls(contents(messages, i, to)));
        }
        case "tool", "tool_response" -> {
          to = end(messages, i, "tool", "tool_response");
          builder.results(agent(meta), ToolColumns.results(contents(messages, i, to)));
        }
        default -> throw new DatasetException("a message has the role '" + message.role() + "' at place " + (i + 1)
            + ". Use system (first), user, assistant, tool_call, tool_response.");
      }
      i = to;
    }
    return new Turns(system, builder.finish());
  }

  /** The same with the texts of answers changed. */
  Turns answers(UnaryOperator<String> change) {
    List<Turn> out = new ArrayList<>();
    for (Turn turn : turns) {
      List<Said> answer = turn.answer();
      out.add(answer == null ? turn
          : new Turn(turn.query(), turn.verbatim(), answer.stream().map(said -> said.map(change)).toList()));
    }
    return new Turns(system, out);
  }

  /** An answer with the text of its last part changed. */
  static List<Said> mapLast(List<Said> answer, UnaryOperator<String> change) {
    List<Said> out = new ArrayList<>(answer);
    out.set(out.size() - 1, out.getLast().map(change));
    return out;
  }

  static AgentForm agent(TemplateMeta meta) {
    AgentForm agent = meta.agent();
    if (agent == null) {
      throw new DatasetException("template " + meta.name() + " has no tool form in this version. Name one with "
          + "--agent_template: " + String.join(", ", AgentForms.names()) + ".");
    }
    return agent;
  }

  private static List<Object> contents(List<Message> messages, int from, int to) {
    return messages.subList(from, to).stream().map(Message::content).toList();
  }

  private static int end(List<Message> messages, int from, String one, String other) {
    int to = from;
    while (to < messages.size() && (messages.get(to).role().equals(one) || messages.get(to).role().equals(other))) {
      to++;
    }
    return to;
  }

  private static String text(Object content, String role) {
    if (content instanceof String text) {
      return text;
    }
    throw new DatasetException("the content of a " + role + " message is no text: " + content + ". Write a string.");
  }

  private static Said said(Message message, Object content) {
    return switch (content) {
      case String text -> new Said(text, List.of(), null, message.loss(), message.lossScale());
      case List<?> ids -> new Said(null, ids(ids), null, message.loss(), message.lossScale());
      case Map<?, ?> map when map.get("token_ids") instanceof List<?> ids -> new Said(null, ids(ids),
          map.get("loss_scale") instanceof List<?> w ? weights(w, ids.size()) : null, message.loss(),
          message.lossScale());
      default -> throw new DatasetException("the content of an assistant message is neither text nor token ids: "
          + content + ". Write a string.");
    };
  }

  private static List<Integer> ids(List<?> list) {
    List<Integer> ids = new ArrayList<>();
    for (Object id : list) {
      if (!(id instanceof Integer || id instanceof Long) || ((Number) id).longValue() < 0
          || ((Number) id).longValue() > Integer.MAX_VALUE) {
        throw new DatasetException("an assistant message holds " + id + " among its token ids. Write numbers >= 0.");
      }
      ids.add(((Number) id).intValue());
    }
    return ids;
  }

  private static List<Double> weights(List<?> list, int size) {
    List<Double> weights = new ArrayList<>();
    for (Object weight : list) {
      if (!(weight instanceof Number number) || !(number.doubleValue() >= 0)) {
        throw new DatasetException("an assistant message holds the loss_scale " + weight + ". Write numbers >= 0.");
      }
      weights.add(number.doubleValue());
    }
    if (weights.size() != size) {
      throw new DatasetException(
          weights.size() + " loss_scale values do not fit " + size + " token_ids. Write one each.");
    }
    return weights;
  }

  private static final class Builder {
    private final TemplateMeta meta;
    private final List<Turn> turns = new ArrayList<>();
    private String query = "";
    private boolean verbatim;
    private boolean open;
    private @Nullable List<Said> answer;

    Builder(TemplateMeta meta) {
      this.meta = meta;
    }

    void user(String text) {
      if (open && answer == null) {
        query = query + text;
      } else {
        start(text, false);
      }
    }

    void assistant(Said said) {
      if (!open) {
        start("", false);
      }
      List<Said> now = answer == null ? new ArrayList<>() : answer;
      now.add(said);
      answer = now;
    }

    void calls(Message message, AgentForm agent, List<AgentForm.Call> calls) {
      List<Said> before = answer;
      String text = before == null ? null : before.getLast().text();
      assistant(said(message, (text == null ? "" : agent.gap(text)) + agent.calls(calls)));
    }

    void results(AgentForm agent, List<String> results) {
      List<Said> before = answer;
      if (open && before != null) {
        String text = before.size() == 1 ? before.getFirst().text() : null;
        if (text != null && agent.takesReact() && KeywordForm.isReact(text)) {
          answer = mapLast(before, t -> t + KeywordForm.reactEnd(t));
          start(KeywordForm.reactResults(results), true);
        } else {
          start(agent.results(meta.frame(), text, results), true);
        }
      } else {
        String text = agent.standalone(meta.frame(), results).orElseThrow(() -> new DatasetException("agent_template "
            + agent.name() + " cannot write a tool result without a call before it. Add the tool_call message."));
        if (open) {
          query = query + text;
        } else {
          start(text, false);
        }
      }
    }

    private void start(String text, boolean whole) {
      flush();
      query = text;
      verbatim = whole;
      open = true;
      answer = null;
    }

    private void flush() {
      if (open) {
        List<Said> said = answer;
        turns.add(new Turn(query, verbatim, said == null ? null : List.copyOf(said)));
      }
    }

    List<Turn> finish() {
      flush();
      open = false;
      return List.copyOf(turns);
    }
  }
}
