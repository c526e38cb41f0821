package io.swiftjvm.data.template;

import io.swiftjvm.data.template.Turn.Said;
import java.util.ArrayList;
import java.util.List;

/** What happens to think blocks before a row is written: kept, removed from the history, or put where none is. */
final class Thoughts {
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";

  private Thoughts() {}

  static List<Turn> apply(List<Turn> turns, TemplateMeta meta, EncodeOptions options, boolean training) {
    if (!meta.thinking() && !Boolean.FALSE.equals(options.preserveThinking())) {
      return turns;
    }
    Boolean wish = options.preserveThinking();
    boolean everyRound = training && !options.base().equals("last_round");
    boolean preserve = wish != null ? wish : everyRound;
    List<Turn> out = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      List<Said> answer = turn.answer();
      boolean last = i == turns.size() - 1;
      if (answer != null && !preserve && !last) {
        answer = strip(answer, meta.historyPrefix());
      }
      AgentForm agent = meta.agent();
      boolean goesOn = turn.verbatim() && agent != null && !agent.thinksAfterResults();
      boolean wanted = !goesOn && options.addNonThinkingPrefix() && (preserve && everyRound || last);
      if (answer != null && wanted && !meta.nonThinkingPrefix().isEmpty()) {
        answer = prefix(answer, meta.nonThinkingPrefix());
      }
      out.add(new Turn(turn.query(), turn.verbatim(), answer));
    }
    return out;
  }

  private static List<Said> strip(List<Said> answer, String prefix) {
    return answer.stream().map(said -> {
      String text = said.text();
      return text == null ? said : said.text(prefix
          + text.substring(text.lastIndexOf(CLOSE) < 0 ? 0 : text.lastIndexOf(CLOSE) + CLOSE.length()).strip());
    }).toList();
  }

  private static List<Said> prefix(List<Said> answer, String prefix) {
    Said first = answer.getFirst();
    String text = first.text();
    if (text == null || text.startsWith(OPEN)) {
      return answer;
    }
    List<Said> out = new ArrayList<>(answer);
    out.set(0, first.text(prefix + text));
    return out;
  }

  /** What opens the answer of a prompt. */
  static String responsePrefix(TemplateMeta meta, EncodeOptions options) {
    String given = options.responsePrefix();
    if (given != null) {
      return given;
    }
    Boolean enabled = options.enableThinking();
    boolean hybrid = !meta.nonThinkingPrefix().isEmpty();
    boolean on = enabled != null ? enabled : !hybrid;
    return !meta.thinking() ? "" : on ? meta.thinkingPrefix() : meta.nonThinkingPrefix();
  }
}
