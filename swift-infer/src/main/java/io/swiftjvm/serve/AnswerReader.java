package io.swiftjvm.serve;

import io.swiftjvm.serve.ToolReader.Piece;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parts one answer into thoughts, content and calls, while it comes. */
final class AnswerReader {
  private final ReasoningReader reasoning;
  private final @Nullable ToolReader tools;

  /**
   * A reader at the beginning of an answer.
   *
   * @param tools finds calls; null = what looks like one is text
   */
  AnswerReader(ReasoningReader.Start start, @Nullable ToolReader tools) {
    this.reasoning = new ReasoningReader(start);
    this.tools = tools;
  }

  /** What may be shown now. */
  record Shown(String thoughts, String content, List<Piece> calls) {
    boolean isEmpty() {
      return thoughts.isEmpty() && content.isEmpty() && calls.isEmpty();
    }
  }

  boolean called() {
    return tools != null && tools.called();
  }

  Shown push(String text) {
    ReasoningReader.Shown parted = reasoning.push(text);
    return content(parted, tools == null ? null : tools.push(parted.answer()));
  }

  /** What is left when the answer is over. */
  Shown end() {
    ReasoningReader.Shown rest = reasoning.end();
    if (tools == null) {
      return content(rest, null);
    }
    ToolReader.Shown before = tools.push(rest.answer());
    ToolReader.Shown after = tools.end();
    List<Piece> calls = new ArrayList<>(before.calls());
    calls.addAll(after.calls());
    return new Shown(rest.thoughts(), before.text() + after.text(), calls);
  }

  private static Shown content(ReasoningReader.Shown parted, ToolReader.@Nullable Shown shown) {
    return shown == null ? new Shown(parted.thoughts(), parted.answer(), List.of())
        : new Shown(parted.thoughts(), shown.text(), shown.calls());
  }
}
