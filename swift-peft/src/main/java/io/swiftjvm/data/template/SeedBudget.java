package io.swiftjvm.data.template;

import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Seed-OSS's budget for thoughts: the least of its steps that holds the longest thoughts of a row. */
final class SeedBudget {
  private static final String OPEN = "<think>";
  private static final int[] STEPS = {0, 512, 1024, 2048, 4096, 8192, 16384};
  private static final int[] INTERVALS = {0, 128, 256, 512, 512, 1024, 1024};
  private static final String START = "<seed:think><seed:cot_budget_reflect>";
  static final String NONE = START + "The current thinking budget is 0, so I will directly start answering the "
      + "question.</seed:cot_budget_reflect>\n</seed:think>";
  private static final String NO_BUDGET = "You are an intelligent assistant that can answer questions in one step "
      + "without the need for reasoning and thinking, that is, your thinking budget is 0. Next, please skip the "
      + "thinking process and directly start answering the user's questions.\n";
  private SeedBudget() {}

  static Turns apply(Turns given, Tokenizer tokenizer) {
    List<String> thoughts = new ArrayList<>();
    given.answers(text -> {
      thoughts.add(thought(text));
      return text;
    });
    int longest = thoughts.stream().mapToInt(text -> text.isBlank() ? 0 : tokenizer.encode(text, false).length).max()
        .orElse(0);
    int step = 0;
    while (step < STEPS.length && STEPS[step] < longest) {
      step++;
    }
    int budget = step < STEPS.length ? STEPS[step] : longest;
    int interval = INTERVALS[Math.min(step, INTERVALS.length - 1)];
    String rule = budget == 0 ? NO_BUDGET : rule(budget, interval);
    Turns out = given.answers(text -> rewrite(text, budget));
    return new Turns(joined(given.system(), rule), out.turns());
  }

  private static String rule(int budget, int interval) {
    return ("You are an intelligent assistant with reflective ability. In the process of thinking and reasoning, you "
        + "need to strictly follow the thinking budget, which is %1$d. That is, you need to complete your thinking "
        + "within %1$d tokens and start answering the user's questions. You will reflect on your thinking process "
        + "every %2$d tokens, stating how many tokens have been used and how many are left.\n")
        .formatted(budget, interval);
  }

  private static String joined(@Nullable String system, String rule) {
    return system == null || system.isEmpty() ? rule : system + "<seed:eos><seed:bos>system\n" + rule;
  }

  private static String thought(String text) {
    int from = text.indexOf(OPEN);
    int to = text.indexOf(Thoughts.CLOSE, Math.max(0, from));
    return from < 0 || to < 0 ? "" : text.substring(from + OPEN.length(), to);
  }

  private static String rewrite(String text, int budget) {
    int from = text.indexOf(OPEN);
    if (from >= 0 && text.indexOf(Thoughts.CLOSE, from) >= 0) {
      return text.replaceFirst(OPEN, "<seed:think>").replaceFirst(Thoughts.CLOSE, "</seed:think>");
    }
    return (budget > 0 ? "<seed:think></seed:think>" : NONE) + text.replace(OPEN, "").replace(Thoughts.CLOSE, "");
  }

  static String opening(Turns turns) {
    String system = turns.system();
    return system != null && system.endsWith(NO_BUDGET) ? START : "";
  }
}
