package io.swiftjvm.text.jinja;

/** Counts what one rendering uses and stops it at the {@link Limits}. */
final class Budget {
  /** Chars of all strings made on the way, in outputs: bounds memory that a list of big strings could hold. */
  private static final int ALLOCATIONS = 32;

  /** Java frames per evaluation level are about five, so this stays far below a 512 KiB stack. */
  private static final int NESTED_EVALUATIONS = 400;

  private final Limits limits;
  private final long deadline;
  private long steps;
  private long allocated;
  private int calls;
  private int nesting;

  Budget(Limits limits) {
    this.limits = limits;
    this.deadline = System.nanoTime() + limits.time().toNanos();
  }

  Limits limits() {
    return limits;
  }

  /** One unit of work. */
  void tick() {
    if (++steps > limits.steps()) {
      throw new JinjaError("the template needs more than " + limits.steps() + " steps");
    }
    if ((steps & 255) == 0) {
      clock();
    }
  }

  /** Work on so many elements. */
  void tick(long count) {
    steps += count;
    tick();
    if (count > 255) {
      clock();
    }
  }

  /** A new string of so many chars; call it before the string is made. */
  void text(long chars) {
    if (chars > limits.outputChars()) {
      throw new JinjaError("the template makes a text of more than " + limits.outputChars() + " characters");
    }
    allocated += chars;
    if (allocated > (long) ALLOCATIONS * limits.outputChars()) {
      throw new JinjaError("the template makes more than " + (long) ALLOCATIONS * limits.outputChars()
          + " characters of text altogether");
    }
    if (chars > 4096) {
      clock();
    }
  }

  /** A search for a text inside a text; the naive search of the JDK is quadratic at worst. */
  void search(String text, String part) {
    if ((long) text.length() * part.length() > 4_000_000_000L) {
      throw new JinjaError("the template searches a text of " + part.length() + " characters in one of "
          + text.length() + "; that is too much work");
    }
    clock();
  }

  void enterCall() {
    if (++calls > limits.depth()) {
      throw new JinjaError("the template nests more than " + limits.depth() + " macro calls or recursive loops");
    }
  }

  void leaveCall() {
    calls--;
  }

  void enter() {
    if (++nesting > NESTED_EVALUATIONS) {
      throw new JinjaError("the template nests more than " + NESTED_EVALUATIONS + " evaluations");
    }
    tick();
  }

  void leave() {
    nesting--;
  }

  private void clock() {
    if (System.nanoTime() - deadline > 0) {
      throw new JinjaError("the template needs more than " + limits.time().toMillis() + " ms");
    }
  }
}
