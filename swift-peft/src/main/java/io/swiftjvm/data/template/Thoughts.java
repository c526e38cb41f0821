package io.swiftjvm.data.template;

import io.swiftjvm.data.template.Turn.Said;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What happens to think blocks before a row is written: kept, removed from the history, or put where none is. */
final class Thoughts {
  private static final String OPEN = "<think>";
  static final String CLOSE = "</think>";
  private static final Pattern ANSWER_END = Pattern.compile("\\s*</answer>$");

  private Thoughts() {}

  static List<Turn> apply(List<Turn> turns, TemplateMeta meta, EncodeOptions options, boolean training) {
    Boolean wish = options.preserveThinking();
    boolean everyRound = training && !options.base().equals("last_round");
    boolean preserve = wish != null ? wish : everyRound;
    boolean strips = !preserve && (meta.thinking() || wish != null);
    List<Turn> out = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      List<Said> answer = turn.answer();
      boolean last = i == turns.size() - 1;
      if (answer != null && strips && !last) {
        answer = strip(answer, meta);
      }
      boolean goesOn = turn.verbatim() && meta.has(TemplateMeta.Trait.THINKS_AFTER_USER_ONLY);
      boolean early = preserve && everyRound && !meta.has(TemplateMeta.Trait.THINKS_LAST_ONLY);
      boolean wanted = !goesOn && options.addNonThinkingPrefix() && (last || early);
      if (answer != null && wanted && !meta.nonThinkingPrefix().isEmpty()) {
        answer = prefix(answer, meta);
      }
      out.add(new Turn(turn.query(), turn.verbatim(), answer));
    }
    return out;
  }

  private static List<Said> strip(List<Said> answer, TemplateMeta meta) {
    boolean tags = meta.has(TemplateMeta.Trait.ANSWER_TAGS);
    return answer.stream().map(said -> said.map(text -> {
      String left = tags ? behind(text, "<answer>").strip() : behind(behind(text, CLOSE), close(meta)).strip();
      return meta.historyPrefix() + (tags ? ANSWER_END.matcher(left).replaceFirst("") : left);
    })).toList();
  }

  /** The end of thoughts in the family's own tags, such as {@code </think:opensource>}. */
  private static String close(TemplateMeta meta) {
    String open = meta.thinkingPrefix().strip();
    return open.startsWith("<") ? "</" + open.substring(1) : CLOSE;
  }

  private static String behind(String text, String mark) {
    int at = text.lastIndexOf(mark);
    return at < 0 ? text : text.substring(at + mark.length());
  }

  private static List<Said> prefix(List<Said> answer, TemplateMeta meta) {
    Said first = answer.getFirst();
    String text = first.text();
    String own = meta.thinkingPrefix().strip();
    if (text == null || text.startsWith(OPEN) || text.startsWith(meta.nonThinkingPrefix())
        || (!own.isEmpty() && text.startsWith(own))) {
      return answer;
    }
    List<Said> out = new ArrayList<>(answer);
    out.set(0, first.map(t -> meta.nonThinkingPrefix() + t));
    return out;
  }

  /** What opens the answer of a prompt. */
  static String responsePrefix(TemplateMeta meta, EncodeOptions options) {
    String given = options.responsePrefix();
    if (given != null) {
      return given;
    }
    return enabled(meta, options) ? meta.thinkingPrefix() : meta.nonThinkingPrefix();
  }

  /** Whether thoughts are asked for. */
  static boolean enabled(TemplateMeta meta, EncodeOptions options) {
    Boolean wish = options.enableThinking();
    return wish != null ? wish : meta.thinksByDefault();
  }
}
