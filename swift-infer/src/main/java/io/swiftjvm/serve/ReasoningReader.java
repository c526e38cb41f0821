package io.swiftjvm.serve;

/** Parts what a model thinks, between {@code <think>} and {@code </think>}, from what it answers, while it comes. */
final class ReasoningReader {
  static final String OPEN = "<think>";
  static final String CLOSE = "</think>";

  /** Where an answer begins. */
  enum Start {
    /** The model does not think, or has done so. */
    ANSWER,
    /** The model may begin to think. */
    FREE,
    /** The prompt has opened the thoughts. */
    THOUGHTS
  }

  private enum State { BEFORE, THOUGHTS, GAP, ANSWER }

  private final StringBuilder held = new StringBuilder();
  private State state;
  private boolean thought;

  ReasoningReader(Start start) {
    state = switch (start) {
      case ANSWER -> State.ANSWER;
      case FREE -> State.BEFORE;
      case THOUGHTS -> State.THOUGHTS;
    };
  }

  /** Thoughts and answer that may be shown now. */
  record Shown(String thoughts, String answer) {}

  Shown push(String text) {
    if (state == State.ANSWER) {
      return new Shown("", text);
    }
    held.append(text);
    if (state == State.BEFORE) {
      String rest = held.toString().stripLeading();
      if (rest.startsWith(OPEN)) {
        state = State.THOUGHTS;
        held.delete(0, held.length() - rest.length() + OPEN.length());
      } else if (!OPEN.startsWith(rest)) {
        state = State.ANSWER;
      }
    }
    String thoughts = state == State.THOUGHTS ? thoughts() : "";
    if (state == State.GAP) {
      int blanks = held.length() - held.toString().stripLeading().length();
      held.delete(0, blanks);
      state = held.isEmpty() ? State.GAP : State.ANSWER;
    }
    return new Shown(thoughts, state == State.ANSWER ? all() : "");
  }

  private String thoughts() {
    if (!thought) {
      String rest = held.toString().stripLeading();
      held.delete(0, held.length() - rest.length());
      thought = !held.isEmpty();
    }
    int end = held.indexOf(CLOSE);
    if (end >= 0) {
      String last = held.substring(0, end).stripTrailing();
      held.delete(0, end + CLOSE.length());
      state = State.GAP;
      return last;
    }
    int safe = held.length();
    for (int from = Math.max(0, held.length() - CLOSE.length() + 1); from < safe; from++) {
      safe = CLOSE.startsWith(held.substring(from)) ? from : safe;
    }
    while (safe > 0 && Character.isWhitespace(held.charAt(safe - 1))) {
      safe--;
    }
    String shown = held.substring(0, safe);
    held.delete(0, safe);
    return shown;
  }

  /** What is left when the answer is over. */
  Shown end() {
    return state == State.THOUGHTS ? new Shown(all(), "") : new Shown("", all());
  }

  private String all() {
    String all = held.toString();
    held.setLength(0);
    return all;
  }
}
