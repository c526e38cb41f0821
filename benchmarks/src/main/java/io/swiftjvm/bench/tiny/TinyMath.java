package io.swiftjvm.bench.tiny;

import java.util.List;

/** Small sums and differences up to 20, neighbours of numbers and comparisons. */
final class TinyMath {
  private static final List<String> SUMS = List.of("What is {a} plus {b}?", "What is {a} + {b}?", "{a} + {b} = ?",
      "{a}+{b}", "How much is {a} plus {b}?", "How much is {a} + {b}?",
      "Could you tell me what {a} and {b} make?", "{a} and {b} make?", "Add {a} and {b}.", "Calculate {a} plus {b}.",
      "{a} plus {b}?", "Tell me what {a} plus {b} is.", "What do you get when you add {a} and {b}?",
      "{a} plus {b} makes?", "What is the sum of {a} and {b}?", "Compute {a} + {b}.");
  private static final List<String> DIFFERENCES = List.of("What is {a} minus {b}?", "What is {a} - {b}?",
      "{a} - {b} = ?", "{a}-{b}", "How much is {a} minus {b}?", "Subtract {b} from {a}.", "Calculate {a} minus {b}.",
      "{a} minus {b}?", "Tell me what {a} minus {b} is.", "{a} minus {b} makes?", "Compute {a} - {b}.");
  private static final List<String> AFTER = List.of("What number comes after {a}?", "Which number comes after {a}?",
      "What comes after {a}?", "Which number follows {a}?", "Tell me the number after {a}.", "the number after {a}?",
      "What is the next number after {a}?");
  private static final List<String> BEFORE = List.of("What number comes before {a}?", "Which number comes before {a}?",
      "What comes before {a}?", "Tell me the number before {a}.", "the number before {a}?");
  private static final List<String> LARGER = List.of("Which is bigger, {a} or {b}?",
      "Which number is larger, {a} or {b}?", "What is more, {a} or {b}?", "Is {a} bigger than {b}?",
      "Is {a} more than {b}?");

  private final Dice dice;

  TinyMath(Dice dice) {
    this.dice = dice;
  }

  Turn next() {
    double kind = dice.unit();
    if (kind < 0.45) {
      int sum = dice.between(0, 20);
      int a = dice.between(0, sum);
      return turn(SUMS, a, sum - a, a + " plus " + (sum - a) + " is " + sum + ".");
    }
    if (kind < 0.7) {
      int a = dice.between(0, 20);
      int b = dice.between(0, a);
      return turn(DIFFERENCES, a, b, a + " minus " + b + " is " + (a - b) + ".");
    }
    if (kind < 0.9) {
      int a = dice.between(1, 20);
      return dice.chance(0.5) ? turn(AFTER, a, 0, "After " + a + " comes " + (a + 1) + ".")
          : turn(BEFORE, a, 0, "Before " + a + " comes " + (a - 1) + ".");
    }
    int a = dice.between(0, 20);
    int b = (a + dice.between(1, 20)) % 21;
    return turn(LARGER, a, b, Math.max(a, b) + " is bigger than " + Math.min(a, b) + ".");
  }

  private Turn turn(List<String> templates, int a, int b, String answer) {
    String question = dice.pick(templates).replace("{a}", String.valueOf(a)).replace("{b}", String.valueOf(b));
    return new Turn(question, answer);
  }
}
