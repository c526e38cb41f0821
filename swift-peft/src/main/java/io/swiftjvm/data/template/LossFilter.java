package io.swiftjvm.data.template;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Parts of an answer that a loss_scale strategy weighs differently. */
final class LossFilter {
  /** Weights of a mark and of what follows it up to the next. */
  private record Weights(double mark, double behind) {}

  private static final Weights PLAIN = new Weights(1, 1);
  private static final Weights TWICE = new Weights(2, 2);
  private static final Weights OBSERVED = new Weights(2, 0);
  private static final Weights AGENT = new Weights(1, 3);
  private static final Map<String, Weights> REACT = Map.of("Action:", TWICE, "Action Input:", TWICE, "Thought:", PLAIN,
      "Final Answer:", PLAIN, "Observation:", OBSERVED);
  private static final Map<String, LossFilter> ALL = all();

  private final Pattern pattern;
  private final Weights matched;
  private final Map<String, Weights> marks;
  private final List<String> questions;

  private LossFilter(String regex, Weights matched, Map<String, Weights> marks, List<String> questions) {
    this.pattern = Pattern.compile(regex, Pattern.DOTALL);
    this.matched = matched;
    this.marks = marks;
    this.questions = questions;
  }

  private static Map<String, LossFilter> all() {
    Map<String, LossFilter> out = new LinkedHashMap<>();
    out.put("ignore_empty_think", matching(0, "^<think>\\s*</think>\\s*|^</think>\\s*"
        + "|^<\\|channel>thought\\n<channel\\|>|^" + Pattern.quote(SeedBudget.NONE) + "\\s*"));
    out.put("ignore_think_prefix", matching(0, "^<think>\\n?"));
    out.put("hermes", matching(2, "<tool_call>.+?</tool_call>"));
    out.put("react", marked(REACT));
    out.put("alpha_umi", marked(with(REACT, Map.of("Next:", TWICE))));
    out.put("qwen", marked(
        Map.of("✿FUNCTION✿:", TWICE, "✿ARGS✿:", TWICE, "✿RETURN✿:", PLAIN, "✿RESULT✿:", OBSERVED)));
    out.put("agentflan", agentFlan());
    return out;
  }

  private static LossFilter matching(double weight, String regex) {
    return new LossFilter(regex, new Weights(weight, 1), Map.of(), List.of());
  }

  private static LossFilter marked(Map<String, Weights> marks, String... questions) {
    String longestFirst = marks.keySet().stream().sorted((a, b) -> b.length() - a.length()).map(Pattern::quote)
        .collect(Collectors.joining("|"));
    return new LossFilter(longestFirst, AGENT, marks, List.of(questions));
  }

  private static LossFilter agentFlan() {
    Map<String, Weights> call = List.of("Name:", "Action:", "ACTION:", "Tool:", "Command", "Arguments:", "action input",
        "ACTION_INPUT:", "Action Input:").stream().collect(Collectors.toMap(word -> word, word -> AGENT));
    return marked(with(call, Map.of("Thought:", PLAIN, "Final Answer:", PLAIN, "Observation:", OBSERVED)),
        "What is the tool you want to use", "What are the required parameter names", "What is the value of");
  }

  private static Map<String, Weights> with(Map<String, Weights> some, Map<String, Weights> more) {
    Map<String, Weights> out = new LinkedHashMap<>(some);
    out.putAll(more);
    return out;
  }

  /** The filter of an ms-swift name; a refusal lists what there is. */
  static LossFilter of(String name) {
    LossFilter filter = ALL.get(name);
    if (filter == null) {
      throw new InvalidPlanException("loss_scale has '" + name + "'; there are default, last_round and all, and "
          + String.join(", ", ALL.keySet()) + ", joined by '+'.");
    }
    return filter;
  }

  /** True if weights other than 0 and 1 come of it. */
  boolean weighs() {
    return matched.mark() != 0;
  }

  List<Piece> cut(Piece piece, String query) {
    String text = piece.text();
    if (text == null) {
      return List.of(piece);
    }
    if (questions.stream().anyMatch(query::contains)) {
      return List.of(Piece.of(text, piece.weight() * AGENT.behind()));
    }
    List<Piece> out = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    int from = 0;
    double between = 1;
    while (matcher.find()) {
      Weights found = marks.getOrDefault(matcher.group(), matched);
      out.add(Piece.of(text.substring(from, matcher.start()), piece.weight() * between));
      out.add(Piece.of(matcher.group(), piece.weight() * found.mark()));
      between = found.behind();
      from = matcher.end();
    }
    out.add(Piece.of(text.substring(from), piece.weight() * between));
    return out;
  }
}
