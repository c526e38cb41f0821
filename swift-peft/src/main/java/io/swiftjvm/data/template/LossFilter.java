package io.swiftjvm.data.template;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Parts of an answer that a loss_scale strategy weighs differently. */
enum LossFilter {
  /** An empty think block at the start is not trained, in the ways that families write it. */
  IGNORE_EMPTY_THINK(0, "^<think>\\s*</think>\\s*", "^<seed:think><seed:cot_budget_reflect>The current thinking budget is "
      + "0, so I will directly start answering the question.</seed:cot_budget_reflect>\\n</seed:think>\\s*",
      "^</think>\\s*", "^<\\|channel>thought\\n<channel\\|>"),
  /** The opening tag of thoughts is not trained. */
  IGNORE_THINK_PREFIX(0, "^<think>\\n?"),
  /** Tool calls count twice. */
  HERMES(2, "<tool_call>.+?</tool_call>"),
  /** ReAct's calls count twice, what is observed is not trained. */
  REACT(Map.of("Action:", weights(2, 2), "Action Input:", weights(2, 2), "Thought:", weights(1, 1),
      "Final Answer:", weights(1, 1), "Observation:", weights(2, 0)), List.of()),
  /** Like react, and the choice of the next step counts twice. */
  ALPHA_UMI(with(REACT.marks, Map.of("Next:", weights(2, 2))), List.of()),
  /** Calls between Qwen's flowers count twice, results are not trained. */
  QWEN(Map.of("✿FUNCTION✿:", weights(2, 2), "✿ARGS✿:", weights(2, 2), "✿RETURN✿:", weights(1, 1),
      "✿RESULT✿:", weights(2, 0)), List.of()),
  /** What belongs to a call counts three times, and so does an answer to a question about the call. */
  AGENTFLAN(with(List.of("Name:", "Action:", "ACTION:", "Tool:", "Command", "Arguments:", "action input",
      "ACTION_INPUT:", "Action Input:").stream().collect(Collectors.toMap(Function.identity(), k -> weights(1, 3))),
      Map.of("Thought:", weights(1, 1), "Final Answer:", weights(1, 1), "Observation:", weights(2, 0))),
      List.of("What is the tool you want to use", "What are the required parameter names", "What is the value of"));

  private static final double QUESTION = 3;

  /** Weights of a mark and of what follows it. */
  private record Weights(double mark, double behind) {}

  private final Pattern pattern;
  private final double factor;
  private final Map<String, Weights> marks;
  private final List<String> questions;

  LossFilter(double factor, String... patterns) {
    this.pattern = Pattern.compile(String.join("|", patterns), Pattern.DOTALL);
    this.factor = factor;
    this.marks = Map.of();
    this.questions = List.of();
  }

  LossFilter(Map<String, Weights> marks, List<String> questions) {
    this.pattern = Pattern.compile(marks.keySet().stream().sorted((a, b) -> b.length() - a.length()).map(Pattern::quote)
        .collect(Collectors.joining("|")));
    this.factor = QUESTION;
    this.marks = marks;
    this.questions = questions;
  }

  private static Weights weights(double mark, double behind) {
    return new Weights(mark, behind);
  }

  private static Map<String, Weights> with(Map<String, Weights> some, Map<String, Weights> more) {
    Map<String, Weights> out = new java.util.HashMap<>(some);
    out.putAll(more);
    return Map.copyOf(out);
  }

  /** The filter of an ms-swift name; a refusal lists what there is. */
  static LossFilter of(String name) {
    return EnumSet.allOf(LossFilter.class).stream().filter(f -> f.toString().equals(name)).findFirst()
        .orElseThrow(() -> new InvalidPlanException("loss_scale has '" + name + "'; there are default, last_round and all, "
            + "and " + String.join(", ", EnumSet.allOf(LossFilter.class).stream().map(LossFilter::toString).toList())
            + ", joined by '+'."));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** True if weights other than 0 and 1 come of it. */
  boolean weighs() {
    return factor != 0 && factor != 1;
  }

  List<Piece> cut(Piece piece, String query) {
    String text = piece.text();
    if (text == null) {
      return List.of(piece);
    }
    if (questions.stream().anyMatch(query::contains)) {
      return List.of(Piece.of(text, piece.weight() * QUESTION));
    }
    List<Piece> out = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    int from = 0;
    double between = 1;
    while (matcher.find()) {
      Weights mark = marks.getOrDefault(matcher.group(), new Weights(factor, 1));
      out.add(Piece.of(text.substring(from, matcher.start()), piece.weight() * between));
      out.add(Piece.of(matcher.group(), piece.weight() * mark.mark()));
      between = mark.behind();
      from = matcher.end();
    }
    out.add(Piece.of(text.substring(from), piece.weight() * between));
    return out;
  }
}
