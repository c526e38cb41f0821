package io.swiftjvm.bench.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.bench.tiny.Identity.Persona;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the text that swift-tiny learns from: {@code pretrain.jsonl} (plain text), {@code sft.jsonl} (conversations)
 * and {@code eval.jsonl} (held-out questions, none of which is in the other two). The same seeds give the same bytes.
 *
 * <pre>TinyCorpus SEEDS_DIR OUT_DIR [PRETRAIN_ROWS SFT_ROWS]</pre>
 */
public final class TinyCorpus {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Seeds seeds;
  private final Dice dice;
  private final Names names;
  private final Facts facts;
  private final Identity identity;
  private final Set<String> held = new HashSet<>();

  private TinyCorpus(Seeds seeds, long seed) {
    this.seeds = seeds;
    dice = new Dice(seed);
    names = new Names(dice);
    Phrasing phrasing = new Phrasing(dice);
    facts = new Facts(seeds, dice, names, phrasing);
    identity = new Identity(seeds, dice, names, phrasing);
    seeds.exams().forEach(exam -> held.add(normal(exam.question())));
  }

  /** Writes the three files. */
  public static void main(String[] args) throws IOException {
    Seeds seeds = Seeds.read(Path.of(args[0]));
    Path out = Files.createDirectories(Path.of(args[1]));
    int pretrain = args.length > 2 ? Integer.parseInt(args[2]) : 14_000;
    int sft = args.length > 3 ? Integer.parseInt(args[3]) : 80_000;
    try (BufferedWriter file = Files.newBufferedWriter(out.resolve("pretrain.jsonl"))) {
      TinyCorpus corpus = new TinyCorpus(seeds, 1);
      for (int i = 0; i < pretrain; i++) {
        line(file, row(List.of(message("assistant", corpus.plain()))));
      }
    }
    try (BufferedWriter file = Files.newBufferedWriter(out.resolve("sft.jsonl"))) {
      TinyCorpus corpus = new TinyCorpus(seeds, 2);
      for (int i = 0; i < sft; i++) {
        line(file, row(corpus.conversation()));
      }
    }
    try (BufferedWriter file = Files.newBufferedWriter(out.resolve("eval.jsonl"))) {
      for (Seeds.Exam exam : seeds.exams()) {
        Map<String, Object> row = row(List.of(message("user", exam.question())));
        row.put("expect", exam.expected());
        line(file, row);
      }
    }
  }

  private String plain() {
    double kind = dice.unit();
    if (kind < 0.3) {
      return facts.list(dice.between(3, 8));
    }
    if (kind < 0.6) {
      StringBuilder text = new StringBuilder();
      for (int i = dice.between(2, 4); i > 0; i--) {
        for (Turn turn : free(facts.next())) {
          text.append(text.isEmpty() ? "" : "\n").append("Question: ").append(turn.question())
              .append("\nAnswer: ").append(turn.answer());
        }
      }
      return text.toString();
    }
    if (kind < 0.9) {
      String text = identity.prose();
      return held.contains(normal(text)) ? facts.sentence() : text;
    }
    return kind < 0.93 ? dice.pick(seeds.rhymes()) : kind < 0.96 ? dice.pick(seeds.fables()) : sums();
  }

  private String sums() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      text.append(i == 0 ? "" : " ").append(facts.sum().answer());
    }
    return text.toString();
  }

  private List<Map<String, String>> conversation() {
    double kind = dice.unit();
    List<Turn> turns = new ArrayList<>();
    @Nullable String system = null;
    if (kind < 0.3) {
      Persona persona = dice.chance(0.4) ? identity.own() : identity.other();
      system = persona.system();
      do {
        turns.addAll(dice.chance(0.85) || turns.isEmpty() ? free(List.of(identity.ask(persona))) : free(facts.next()));
      } while (turns.size() < 3 && dice.chance(0.2));
    } else if (kind < 0.35) {
      turns.addAll(acquaintance());
    } else {
      system = dice.chance(0.06) ? (dice.chance(0.5) ? identity.own() : identity.other()).system() : null;
      do {
        turns.addAll(free(facts.next()));
      } while (turns.size() < 3 && dice.chance(0.25));
    }
    List<Map<String, String>> messages = new ArrayList<>();
    if (system != null) {
      messages.add(message("system", system));
    }
    for (Turn turn : turns) {
      messages.add(message("user", turn.question()));
      messages.add(message("assistant", turn.answer()));
    }
    return messages;
  }

  private List<Turn> acquaintance() {
    String person = names.person();
    List<Turn> turns = new ArrayList<>();
    if (dice.chance(0.15)) {
      return List.of(new Turn("What is my name?", "You have not told me your name."));
    }
    String hello = dice.pick(List.of("My name is {P}.", "I am {P}.", "Hello, I am {P}.", "Hi, my name is {P}.",
        "my name is {P}", "Call me {P}.", "I'm {P}."));
    turns.add(new Turn(hello.replace("{P}", person), "Nice to meet you, " + person + "!"));
    if (dice.chance(0.25)) {
      turns.addAll(free(facts.next()));
    }
    if (dice.chance(0.7)) {
      turns.add(new Turn(dice.pick(List.of("What is my name?", "what's my name", "Who am I?", "Do you know my name?",
          "Tell me my name.", "Do you remember my name?")), "Your name is " + person + "."));
    }
    return turns;
  }

  // Nothing that is asked in the examination may be taught.
  private List<Turn> free(List<Turn> turns) {
    return turns.stream().anyMatch(turn -> held.contains(normal(turn.question()))) ? List.of(facts.smallTalk()) : turns;
  }

  private static String normal(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("[\\p{P}\\s]+", " ").strip();
  }

  private static Map<String, Object> row(List<Map<String, String>> messages) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("messages", messages);
    return row;
  }

  private static Map<String, String> message(String role, String content) {
    Map<String, String> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  private static void line(BufferedWriter file, Map<String, Object> row) throws IOException {
    file.write(JSON.writeValueAsString(row));
    file.write('\n');
  }
}
