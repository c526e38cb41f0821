package io.swiftjvm.bench.tiny;

import java.util.List;
import java.util.Locale;

/** Says a question the way people type: other openings, lower case, missing or doubled marks. */
final class Phrasing {
  private static final List<String> OPENINGS = List.of("Hey, ", "Hi, ", "Hello, ", "Hello! ", "So, ", "And ", "Now ",
      "OK, ", "Well, ", "Say, ", "Please, ", "Tell me, ", "Tell me: ", "Quick question: ", "One question: ",
      "Could you tell me: ", "My friend, ", "Excuse me, ", "I wonder, ", "I have a question: ", "Next question: ");
  private static final List<String> CLOSINGS = List.of(" please", ", please", " please?", " thanks", "??", "!", " :)",
      ", my friend?", " today?", " in short?", ", do you know?", " ...", " for me", " for us?",
      " in one sentence", " in a few words.", " right now?", " then?", " again", " exactly?", " really?", " now?",
      ", please tell me");
  private static final List<String> ASKING = List.of("Can you tell me", "Could you tell me", "Please tell me",
      "Could you please tell me", "I want to know", "I would like to know", "Let me know", "Will you tell me",
      "Would you tell me", "tell me");
  private static final List<String> WISHING = List.of("Can you", "Could you", "Could you please", "Please",
      "Would you", "I want you to", "Will you");

  private static final List<List<String>> SYNONYMS = List.of(List.of("country", "land", "nation", "state"),
      List.of("continent", "part of the world"), List.of("sound", "noise"), List.of("tell me", "say", "explain"),
      List.of("called", "named"), List.of("comes after", "follows", "is after", "comes right after"),
      List.of("comes before", "is before", "comes right before"), List.of("opposite", "contrary"),
      List.of("Which", "What"), List.of("made you", "created you", "built you", "developed you"),
      List.of("you", "u"), List.of("are", "r"), List.of("What is", "What exactly is", "So what is", "And what is"),
      List.of("a ", "one ", "some "), List.of("plural", "plural form"), List.of("the", "that"), List.of(" is ", " be "),
      List.of(" of ", " for "), List.of("live", "stay"), List.of("How", "And how", "So how"));

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
    } else if (dice.chance(0.2)) {
      text = strip(text) + dice.pick(CLOSINGS);
    }
    if (!exact) {
      text = dice.chance(0.12) ? typo(text) : swapped(text);
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

  private String swapped(String text) {
    if (!dice.chance(0.3)) {
      return text;
    }
    List<String> words = dice.pick(SYNONYMS);
    return text.replaceFirst("(?<!\\p{L})" + words.getFirst() + "(?!\\p{L})", dice.pick(words));
  }

  // One letter is missing, doubled or changes places with the next.
  private String typo(String text) {
    int at = dice.between(0, Math.max(0, text.length() - 2));
    boolean letters = text.length() > 12 && Character.isLowerCase(text.charAt(at))
        && Character.isLowerCase(text.charAt(at + 1));
    if (!letters) {
      return text;
    }
    String pair = text.substring(at, at + 2);
    String wrong = dice.pick(List.of(pair.substring(1), pair.charAt(0) + pair, pair.substring(1) + pair.charAt(0)));
    return text.substring(0, at) + wrong + text.substring(at + 2);
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
