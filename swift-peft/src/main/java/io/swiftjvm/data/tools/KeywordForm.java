package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonRepr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Forms in plain words: a keyword before the name, one before the arguments, one before the result. ReAct is one of
 * them, and the one that every other form reads and continues as well.
 */
public final class KeywordForm implements AgentForm {
  /** ReAct's words without tools of their own. */
  static final KeywordForm REACT = new KeywordForm("react_en", "Action:", "Action Input:", "Observation:", true);

  private final String name;
  private final String action;
  private final String input;
  private final String observation;
  private final boolean standalone;

  private KeywordForm(String name, String action, String input, String observation, boolean standalone) {
    this.name = name;
    this.action = action;
    this.input = input;
    this.observation = observation;
    this.standalone = standalone;
  }

  static KeywordForm react(String name, boolean standalone) {
    return new KeywordForm(name, REACT.action, REACT.input, REACT.observation, standalone);
  }

  static KeywordForm qwen(String name) {
    return new KeywordForm(name, "✿FUNCTION✿:", "✿ARGS✿:", "✿RESULT✿:", false);
  }

  /** True if an answer calls in ReAct's words. */
  public static boolean isReact(String answer) {
    return REACT.marks(answer);
  }

  /** What has to follow a ReAct answer so that the results can stand behind it. */
  public static String reactEnd(String answer) {
    return answer.endsWith(REACT.observation) ? "" : (answer.endsWith("\n") ? "" : "\n") + REACT.observation;
  }

  /** Results behind a ReAct answer. */
  public static String reactResults(List<String> results) {
    return REACT.lines(results);
  }

  private boolean marks(String answer) {
    return answer.contains(action) && answer.contains(input);
  }

  private String lines(List<String> results) {
    return results.stream().map(text -> text.endsWith("\n") ? text : text + "\n")
        .collect(Collectors.joining(observation));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream()
        .map(c -> action + " " + c.name() + "\n" + input + " " + PythonRepr.text(c.arguments()) + "\n")
        .collect(Collectors.joining()) + observation;
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return answer != null && marks(answer) ? lines(results) : String.join("", results);
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return standalone ? Optional.of(results.stream().map(text -> "\n" + observation + "\n" + text)
        .collect(Collectors.joining())) : Optional.empty();
  }

  @Override
  public boolean takesReact() {
    return equals(REACT);
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> calls = split(generated);
    return calls.isEmpty() && !action.equals(REACT.action) ? REACT.split(generated) : calls;
  }

  private List<ToolCall> split(String text) {
    List<ToolCall> out = new ArrayList<>();
    String function = null;
    int at = next(text, 0);
    while (at < text.length()) {
      String word = wordAt(text, at);
      int end = next(text, at + word.length());
      String content = text.substring(at + word.length(), end).strip();
      if (function == null && word.equals(action)) {
        function = content;
      } else if (function != null && word.equals(input)) {
        out.add(new ToolCall(function, content));
        function = null;
      }
      at = end;
    }
    return out;
  }

  private int next(String text, int from) {
    int at = from;
    while (at < text.length() && wordAt(text, at).isEmpty()) {
      at++;
    }
    return at;
  }

  private String wordAt(String text, int at) {
    return Stream.of(action, input, observation).filter(word -> text.startsWith(word, at)).findFirst().orElse("");
  }
}
