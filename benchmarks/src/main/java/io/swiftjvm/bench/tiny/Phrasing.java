package io.swiftjvm.bench.tiny;

import java.util.List;
import java.util.Locale;

/** Says a question the way people type: other openings, lower case, missing or doubled marks. */
final class Phrasing {
  private static final List<String> OPENINGS = List.of("Hey, ", "Hi, ", "Hello, ", "Hello! ", "So, ", "And ", "Now ",
      "OK, ", "Well, ", "Say, ", "Please, ", "Tell me, ", "Tell me: ", "Quick question: ", "One question: ",
      "Could you tell me: ", "My friend, ", "Excuse me, ", "I wonder, ", "I have a question: ", "Next question: ");
  private static final List<String> CLOSINGS = List.of(" please", ", please", " please?", " thanks", "??", "!", " :)",
      ", my friend?", " today?", " in short?", ", do you know?", " ...");
  private static final List<String> ASKING = List.of("Can you tell me", "Could you tell me", "Please tell me",
      "Could you please tell me", "I want to know", "I would like to know", "Let me know", "Will you tell me",
      "Would you tell me", "tell me");
  private static final List<String> WISHING = List.of("Can you", "Could you", "Could you please", "Please",
      "Would you", "I want you to", "Will you");

  private final Dice dice;

  Phrasing(Dice dice) {
    this.dice = dice;
  }

  /** The question as somebody might type it; names that must be copied exactly ({@code exact}) keep their case. */
  String of(String question, boolean exact) {
    String text = reword(question);
    if (Seeds.chinese(text) || dice.chance(0.4)) {
      return text;
    }
    if (dice.chance(0.25)) {
      String opening = dice.pick(OPENINGS);
      text = opening + (dice.chance(0.6) ? lowerFirst(text) : text);
    }
    if (dice.chance(0.35)) {
      text = strip(text);
    } else if (dice.chance(0.12)) {
      text = strip(text) + dice.pick(CLOSINGS);
    }
    return !exact && dice.chance(0.35) ? text.toLowerCase(Locale.ROOT) : text;
  }

  private String reword(String question) {
    if (question.startsWith("Tell me ") && dice.chance(0.6)) {
      return dice.pick(ASKING) + question.substring("Tell me".length());
    }
    if (question.startsWith("What is ") && dice.chance(0.15)) {
      return dice.pick(List.of("What's ", "whats ", "what's ", "What would be ")) + question.substring(8);
    }
    if (question.startsWith("Who is ") && dice.chance(0.1)) {
      return "Who's " + question.substring(7);
    }
    boolean order = question.endsWith(".") && List.of("Explain", "Name", "List", "Count", "Say", "Give", "Describe",
        "Introduce", "Define", "Write", "Sing", "Translate").contains(question.split(" ", 2)[0]);
    return order && dice.chance(0.4) ? dice.pick(WISHING) + " " + lowerFirst(question) : question;
  }

  private static String strip(String text) {
    return text.replaceFirst("[?.!]+$", "");
  }

  private static String lowerFirst(String text) {
    boolean word = text.length() > 1 && (Character.isLowerCase(text.charAt(1)) || text.startsWith("A "));
    boolean own = text.startsWith("I ") || text.startsWith("I'");
    return word && !own ? text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1) : text;
  }
}
