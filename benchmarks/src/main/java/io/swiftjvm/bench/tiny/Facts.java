package io.swiftjvm.bench.tiny;

import io.swiftjvm.bench.tiny.Seeds.Block;
import io.swiftjvm.bench.tiny.Seeds.Relation;
import java.util.ArrayList;
import java.util.List;

/** Draws questions and answers from the seeds: facts, small talk, sums and things that the model does not know. */
final class Facts {
  private final Seeds seeds;
  private final Dice dice;
  private final Names names;
  private final Phrasing phrasing;
  private final TinyMath math;
  private final List<Relation> weighted = new ArrayList<>();
  private final List<Block> chat = new ArrayList<>();

  Facts(Seeds seeds, Dice dice, Names names, Phrasing phrasing) {
    this.seeds = seeds;
    this.dice = dice;
    this.names = names;
    this.phrasing = phrasing;
    math = new TinyMath(dice);
    for (Relation relation : seeds.relations()) {
      int weight = 1 + relation.rows().size() * relation.blocks().size() / 20;
      for (int i = 0; i < weight; i++) {
        weighted.add(relation);
      }
    }
    for (Block block : seeds.chat()) {
      for (int i = 0; i < 2 + block.questions().size() / 4; i++) {
        chat.add(block);
      }
    }
  }

  /** One to three turns about a subject drawn by its weight. */
  List<Turn> next() {
    double kind = dice.unit();
    if (kind < 0.48) {
      return facts();
    }
    if (kind < 0.68) {
      return sums();
    }
    return List.of(kind < 0.88 ? smallTalk() : unknown());
  }

  /** A fact, at times followed by "And of Spain?". */
  List<Turn> facts() {
    Relation relation = dice.pick(weighted);
    Block block = dice.pick(relation.blocks());
    List<Turn> turns = new ArrayList<>();
    turns.add(spoken(fact(block, dice.pick(relation.rows()), dice.pick(block.questions())), false));
    while (!block.followUps().isEmpty() && turns.size() < 3 && dice.chance(0.2)) {
      turns.add(spoken(fact(block, dice.pick(relation.rows()), dice.pick(block.followUps())), false));
    }
    return turns;
  }

  Turn smallTalk() {
    Block block = dice.pick(chat);
    return spoken(new Turn(dice.pick(block.questions()), dice.pick(block.answers())), false);
  }

  /** A question that the model must not answer. */
  Turn unknown() {
    String question = dice.pick(seeds.unknown().questions());
    if (dice.chance(0.25)) {
      Relation relation = dice.pick(seeds.relations().stream().filter(r -> !r.madeUp().isEmpty()).toList());
      question = dice.pick(relation.madeUp());
    }
    return spoken(new Turn(fill(question), seeds.unknown().answers().getFirst()), false);
  }

  private List<Turn> sums() {
    List<Turn> turns = new ArrayList<>();
    do {
      turns.add(spoken(math.next(), true));
    } while (dice.chance(0.3));
    return turns;
  }

  Turn sum() {
    return math.next();
  }

  /** A plain sentence with a fact, without a question. */
  String sentence() {
    Relation relation = dice.pick(weighted);
    return fact(dice.pick(relation.blocks()), dice.pick(relation.rows()), "").answer();
  }

  /** Several sentences of the same kind. */
  String list(int count) {
    Relation relation = dice.pick(weighted);
    Block block = dice.pick(relation.blocks());
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(fact(block, dice.pick(relation.rows()), "").answer());
    }
    return text.toString();
  }

  private Turn spoken(Turn turn, boolean exact) {
    return new Turn(phrasing.of(turn.question(), exact), turn.answer());
  }

  private Turn fact(Block block, List<String> row, String question) {
    String answer = dice.pick(block.answers());
    String asked = question;
    for (int i = 0; i < row.size(); i++) {
      asked = asked.replace("{" + i + "}", row.get(i));
      answer = answer.replace("{" + i + "}", row.get(i)).replace("{" + i + "^}", Names.title(row.get(i)));
    }
    return new Turn(Names.title(asked), answer);
  }

  private String fill(String question) {
    String text = question;
    while (text.contains("{")) {
      text = text.replaceFirst("\\{X\\}", Names.title(dice.chance(0.5) ? names.word() : names.model()))
          .replaceFirst("\\{x\\}", names.word())
          .replaceFirst("\\{T\\}", dice.pick(seeds.topics()))
          .replaceFirst("\\{N\\}", String.valueOf(dice.between(32, 9999)))
          .replaceFirst("\\{C\\}", place(0))
          .replaceFirst("\\{P\\}", place(1));
    }
    return text;
  }

  private String place(int column) {
    Relation countries = seeds.relations().stream().filter(r -> r.name().equals("capitals")).findFirst().orElseThrow();
    return dice.pick(countries.rows()).get(column);
  }
}
