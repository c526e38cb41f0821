package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.template.TemplateMeta.SystemPlace;
import io.swiftjvm.data.template.TemplateMeta.Trait;
import io.swiftjvm.data.template.Turn.Said;
import io.swiftjvm.data.tools.AgentForm;
import io.swiftjvm.data.tools.ToolColumns;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.text.Tokenizer;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes a conversation as pieces of one loss weight each. */
final class PieceWriter {
  private static final Pattern LINE_ENDS = Pattern.compile("^\\n+|\\n+$");
  private static final Pattern THINKING = Pattern.compile("\\{\\{THINKING}}(.*?)\\{\\{OR}}(.*?)\\{\\{END}}");
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("dd MMM yyyy", Locale.ENGLISH);

  private final TemplateMeta meta;
  private final EncodeOptions options;
  private final Tokenizer tokenizer;
  private final SpecialIds special;
  private final PieceList pieces;
  private List<Object> tools = List.of();

  PieceWriter(TemplateMeta meta, EncodeOptions options, Tokenizer tokenizer) {
    this.meta = meta;
    this.options = options;
    this.tokenizer = tokenizer;
    this.special = new SpecialIds(tokenizer);
    this.pieces = new PieceList(options);
  }

  List<Piece> write(List<Message> messages, Map<String, ?> extra, boolean training) {
    Turns read = Turns.of(messages, meta);
    if (read.turns().isEmpty()) {
      throw new DatasetException("the row has no user and no assistant message. Write at least one.");
    }
    if (!options.useChatTemplate() && messages.stream().anyMatch(m -> m.role().startsWith("tool"))) {
      throw new DatasetException("the row calls tools, which plain text has no form for. Use a chat template.");
    }
    if (!options.useChatTemplate()) {
      plain(read.turns(), training);
      return pieces.merged();
    }
    tools = ToolColumns.of(extra);
    if (!tools.isEmpty()) {
      Turns.agent(meta);
    }
    Turns shaped = meta.reshape().apply(new Turns(system(read.system()), read.turns()), read.system(), meta, tokenizer);
    chat(Thoughts.apply(shaped.turns(), meta, options, training), shaped.system(), extra, training);
    String opening = meta.reshape().opening(shaped);
    List<Piece> out = pieces.merged();
    if (!opening.isEmpty() && shaped.turns().getLast().answer() == null) {
      out.add(Piece.of(opening, options.base().equals("all") ? 1 : 0));
    }
    return out;
  }

  private @Nullable String system(@Nullable String own) {
    String given = options.defaultSystem();
    String system = own != null ? own : given != null ? given : meta.defaultSystem();
    if (own != null && !meta.takesSystem()) {
      throw new DatasetException("template " + meta.name() + " has no place for a system text, the row has one. Drop "
          + "it, or choose another template.");
    }
    AgentForm agent = meta.agent();
    if (agent != null && !tools.isEmpty()) {
      system = agent.system(system, tools);
    }
    boolean empty = system == null || system.isEmpty();
    boolean keepsEmpty = options.upstreamCompatible() && own != null && meta.systemPlace() != SystemPlace.PREFIX;
    return empty && !keepsEmpty ? null : system;
  }

  private void chat(List<Turn> given, @Nullable String system, Map<String, ?> extra, boolean training) {
    List<Turn> turns = given;
    List<Part> between = meta.chatSep();
    if (between == null) {
      turns = lastOnly(given);
    }
    List<Part> head = meta.systemPrefix();
    boolean inPrefix = system != null && head != null;
    if (meta.has(Trait.AUTO_ADD_BOS)) {
      special.ownStart().forEach(pieces::prompt);
    }
    parts(inPrefix && head != null ? head : meta.prefix(), inPrefix ? system : null, null, -1);
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      boolean last = i == turns.size() - 1;
      if (turn.verbatim()) {
        pieces.prompt(turn.query());
      } else {
        parts(meta.prompt(), null, query(turn.query(), system, i, turns), i);
      }
      List<Said> answer = turn.answer();
      if (answer != null) {
        String first = answer.getFirst().text();
        if (first != null && first.contains("<|observation|>")) {
          trimPrompt();
        }
        answer(answer, turn.query(), last);
      } else if (last) {
        pieces.prompt(Thoughts.responsePrefix(meta, options));
        trimPrompt();
      }
      if (!last) {
        if (!turns.get(i + 1).verbatim() && between != null) {
          parts(between, null, null, i);
        }
      } else if (training && !Boolean.FALSE.equals(extra.get("add_eos"))) {
        end(answer);
      }
    }
  }

  private List<Turn> lastOnly(List<Turn> turns) {
    if (turns.size() > 1 && !options.upstreamCompatible()) {
      throw new DatasetException("template " + meta.name() + " writes one round, the row has " + turns.size()
          + ". Choose a chat template.");
    }
    return turns.subList(turns.size() - 1, turns.size());
  }

  /** The user's text, with the system text where the template has no other place for it. */
  private String query(String given, @Nullable String system, int round, List<Turn> turns) {
    AgentForm agent = meta.agent();
    String query = agent != null && round == 0 && !tools.isEmpty() ? agent.query(given, tools) : given;
    SystemPlace place = meta.systemPlace();
    int at = switch (place) {
      case PREFIX -> -1;
      case FIRST_USER -> 0;
      case LAST_USER -> turns.size() - 1;
    };
    boolean literal = system == null && place == SystemPlace.LAST_USER && options.upstreamCompatible();
    String text = literal ? "{{SYSTEM}}" : system;
    return round != at || text == null ? query : text + meta.systemGlue() + query;
  }

  private void plain(List<Turn> given, boolean training) {
    Turn turn = lastOnly(given).getFirst();
    special.ownStart().forEach(pieces::prompt);
    pieces.prompt(turn.query());
    List<Said> answer = turn.answer();
    if (answer != null) {
      answer(answer, turn.query(), true);
      if (training) {
        tokenizer.special().eos().ifPresent(id -> pieces.add(Piece.of(id, 1)));
      }
    }
  }

  private void end(@Nullable List<Said> answer) {
    List<Integer> own = meta.has(Trait.AUTO_ADD_BOS) ? special.ownEnd() : List.of();
    if (!own.isEmpty()) {
      pieces.add(Piece.of(own, 1));
    } else if (answer != null) {
      suffix(answer);
    } else if (meta.has(Trait.ALWAYS_END)) {
      suffix(1);
    }
  }

  private void trimPrompt() {
    if (meta.has(Trait.TRIM_PROMPTS)) {
      pieces.trim();
    }
  }

  private void suffix(List<Said> answer) {
    Said end = answer.getLast();
    String text = end.text();
    boolean stopped = text != null && stopTexts().anyMatch(text::endsWith);
    if (stopped) {
      return;
    }
    suffix(Boolean.FALSE.equals(end.loss()) && !options.upstreamCompatible() ? 0 : 1);
  }

  private void suffix(double weight) {
    for (Part part : meta.suffix()) {
      pieces.add(part instanceof Part.Text text ? Piece.of(text.text(), weight) : Piece.of(special.of(part), weight));
    }
  }

  private Stream<String> stopTexts() {
    Stream<String> ends = meta.suffix().stream().filter(p -> p instanceof Part.Text)
        .map(p -> ((Part.Text) p).text().strip()).filter(s -> !s.isEmpty());
    return Stream.concat(meta.stopWords().stream(),
        Stream.concat(ends, tokenizer.special().eosToken().stream()));
  }

  private void answer(List<Said> answer, String query, boolean lastRound) {
    for (Said said : answer) {
      double weight = weight(said, lastRound);
      String text = said.text();
      List<Double> idWeights = said.idWeights();
      if (text != null) {
        String written = meta.has(Trait.TRIM_ANSWERS) ? LINE_ENDS.matcher(text).replaceAll("") : text;
        if (said.weight() != null) {
          pieces.add(Piece.of(written, weight)); // an explicit weight covers a think block, too
        } else {
          pieces.answer(written, query, weight);
        }
      } else if (idWeights != null) {
        for (int i = 0; i < said.ids().size(); i++) {
          pieces.add(Piece.of(said.ids().get(i), idWeights.get(i)));
        }
      } else {
        pieces.add(Piece.of(said.ids(), weight));
      }
    }
  }

  private double weight(Said said, boolean lastRound) {
    Boolean loss = said.loss();
    boolean trained = loss != null ? loss : !options.base().equals("last_round") || lastRound;
    Double scale = said.weight();
    return !trained ? 0 : scale != null ? scale : 1;
  }

  private void parts(List<Part> parts, @Nullable String system, @Nullable String query, int round) {
    for (Part part : parts) {
      if (part instanceof Part.Text text) {
        pieces.prompt(fill(text.text(), system, query, round));
      } else {
        pieces.prompt(special.of(part));
      }
    }
  }

  private String fill(String text, @Nullable String system, @Nullable String query, int round) {
    String today = options.today().toString();
    String out = THINKING.matcher(text).replaceAll(Thoughts.enabled(meta, options) ? "$1" : "$2");
    out = out.replace("{{DATE}}", DAY.format(options.today())).replace("{{ISO_DATE}}", today);
    out = query == null ? out : rounds(out, round);
    if (system != null) {
      out = out.replace("{{SYSTEM}}", system.replace("{{ISO_DATE}}", today));
    }
    if (query != null) {
      out = out.replace("{{QUERY}}", options.upstreamCompatible() ? rounds(query, round) : query);
    }
    return out;
  }

  private static String rounds(String text, int round) {
    return text.replace("{{ROUND0}}", String.valueOf(round)).replace("{{ROUND1}}", String.valueOf(round + 1));
  }
}
