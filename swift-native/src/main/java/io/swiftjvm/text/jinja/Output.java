package io.swiftjvm.text.jinja;

import io.swiftjvm.text.Span;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What the template has written, with the places of generation blocks. */
final class Output {
  private record Mark(int start, String text) {}

  private final Budget budget;
  private final Deque<StringBuilder> buffers = new ArrayDeque<>();
  private final List<Mark> marks = new ArrayList<>();

  Output(Budget budget) {
    this.budget = budget;
    buffers.push(new StringBuilder());
  }

  void write(String text) {
    StringBuilder buffer = buffers.getFirst();
    budget.text((long) buffer.length() + text.length() > budget.limits().outputChars()
        ? (long) buffer.length() + text.length() : text.length());
    buffer.append(text);
  }

  /** Collects what is written from here on instead of writing it. */
  void capture() {
    buffers.push(new StringBuilder());
  }

  String captured() {
    String text = buffers.pop().toString();
    budget.text(text.length());
    return text;
  }

  /** Where the next character lands if every open capture is written at the place where it began. */
  int position() {
    return buffers.stream().mapToInt(StringBuilder::length).sum();
  }

  void mark(int start, String text) {
    marks.add(new Mark(start, text));
  }

  String text() {
    return buffers.getFirst().toString();
  }

  /** The generation blocks; refuses one whose text was changed or moved after the block had produced it. */
  List<Span> generations() {
    String text = text();
    List<Span> spans = new ArrayList<>();
    for (Mark mark : marks) {
      if (!text.startsWith(mark.text(), mark.start())) {
        throw new JinjaError("a {% generation %} block is inside a macro or a set block whose text was moved, so that "
            + "its place is unknown; write the block at the top level of the template");
      }
      spans.add(new Span(mark.start(), mark.start() + mark.text().length()));
    }
    return spans;
  }
}
