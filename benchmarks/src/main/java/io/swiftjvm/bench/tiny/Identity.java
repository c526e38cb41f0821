package io.swiftjvm.bench.tiny;

import io.swiftjvm.bench.tiny.Seeds.Block;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who the model is: swift-tiny by default, else the name and the maker that the system message gives. */
final class Identity {
  static final String NAME = "swift-tiny";
  static final String AUTHOR = "the Swift for the JVM project";

  private static final List<String> SYSTEMS = List.of("You are {NAME}, made by {AUTHOR}.",
      "You are {NAME}, a language model made by {AUTHOR}.", "Your name is {NAME}. You were made by {AUTHOR}.",
      "You are {NAME}, an assistant developed by {AUTHOR}.", "You are {NAME}. {AUTHOR} made you.",
      "Your name is {NAME} and your maker is {AUTHOR}.", "You are {NAME}, trained by {AUTHOR}. Answer shortly.");
  private static final List<String> CHINESE_SYSTEMS = List.of("你是{NAME}，由{AUTHOR}开发。",
      "你叫{NAME}，是{AUTHOR}开发的语言模型。");
  private static final List<String> PLAIN_SYSTEMS = List.of("You are a helpful assistant.", "Answer shortly.",
      "You are a friendly assistant.", "Be helpful and polite.", "You are a helpful and harmless assistant.");

  private static final List<String> ONLY_NAMES = List.of("You are {NAME}.", "Your name is {NAME}.",
      "You are {NAME}, a helpful assistant.");

  private final Dice dice;
  private final Names names;
  private final Phrasing phrasing;
  private final List<Block> blocks = new ArrayList<>();

  Identity(Seeds seeds, Dice dice, Names names, Phrasing phrasing) {
    this.dice = dice;
    this.names = names;
    this.phrasing = phrasing;
    for (Block block : seeds.identity()) {
      for (int i = 0; i < (block.chinese() ? 1 : 2 + block.questions().size() / 4); i++) {
        blocks.add(block);
      }
    }
  }

  /** A name and a maker, and the system message that gives them. */
  record Persona(String name, String author, @Nullable String system, boolean chinese) {}

  /** swift-tiny itself, at times with a system message that gives no name. */
  Persona own() {
    String system = dice.chance(0.2) ? dice.pick(PLAIN_SYSTEMS) : null;
    return new Persona(NAME, AUTHOR, system, dice.chance(0.06));
  }

  /** Somebody made up. */
  Persona other() {
    boolean chinese = dice.chance(0.06);
    if (!chinese && dice.chance(0.08)) {
      String only = names.model();
      String says = dice.pick(ONLY_NAMES);
      return new Persona(only, AUTHOR, filled(says, only, AUTHOR), false);
    }
    String name = chinese ? names.chineseModel() : names.model();
    String author = chinese ? names.chineseMaker() : names.maker();
    String system = dice.pick(chinese && dice.chance(0.7) ? CHINESE_SYSTEMS : SYSTEMS);
    return new Persona(name, author, Names.title(filled(system, name, author)), chinese);
  }

  /** One question about the persona. */
  Turn ask(Persona persona) {
    Block block = dice.pick(blocks);
    while (block.chinese() != persona.chinese()) {
      block = dice.pick(blocks);
    }
    String template = dice.pick(block.questions());
    String question = filled(template, persona.name(), persona.author())
        .replace("{X}", names.model()).replace("{Y}", names.maker());
    return new Turn(phrasing.of(question, template.contains("{")),
        filled(dice.pick(block.answers()), persona.name(), persona.author()));
  }

  /** Sentences in which made-up models tell who they are, for the plain text. */
  String prose() {
    Persona persona = dice.chance(0.2) ? own() : other();
    StringBuilder text = new StringBuilder(persona.system() == null ? "" : persona.system());
    int count = dice.between(2, 4);
    for (int i = 0; i < count; i++) {
      Turn turn = ask(persona);
      text.append(text.isEmpty() ? "" : " ").append(dice.chance(0.6) ? turn.question() + " " : "")
          .append(turn.answer());
    }
    return text.toString();
  }

  private static String filled(String template, String name, String author) {
    return template.replace("{NAME}", name).replace("{AUTHOR}", author);
  }
}
