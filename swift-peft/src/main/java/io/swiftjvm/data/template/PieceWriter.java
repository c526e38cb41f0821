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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes a conversation as pieces of one loss weight each. */
final class PieceWriter {
  private static final Pattern LINE_ENDS = Pattern.compile("^\\n+|\\n+$");
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("dd MMM yyyy", Locale.ENGLISH);

  private final TemplateMeta meta;
  private final EncodeOptions options;
  private final Tokenizer tokenizer;
  private final boolean all;
  private final List<Piece> pieces = new ArrayList<>();
  private List<Object> tools = List.of();

  PieceWriter(TemplateMeta meta, EncodeOptions options, Tokenizer tokenizer) {
    this.meta = meta;
    this.options = options;
    this.tokenizer = tokenizer;
    this.all = options.base().equals("all");
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
      return merged();
    }
    tools = tools(extra);
    Turns shaped = meta.reshape().apply(new Turns(system(read.system()), read.turns()), read.system(), meta, tokenizer);
    chat(Thoughts.apply(shaped.turns(), meta, options, training), shaped.system(), extra, training);
    List<Piece> out = merged();
    String opening = meta.reshape().opening(shaped);
    if (!opening.isEmpty() && shaped.turns().getLast().answer() == null) {
      out.add(Piece.of(opening, promptWeight()));
    }
    return out;
  }

  private List<Object> tools(Map<String, ?> extra) {
    Object given = extra.get("tools");
    boolean any = given instanceof List<?> list ? !list.isEmpty() : given instanceof String text && !text.isBlank();
    if (!any || given == null) {
      return List.of();
    }
    Turns.agent(meta);
    return ToolColumns.tools(given);
  }

  private @Nullable String system(@Nullable String own) {
    String given = options.defaultSystem();
    String system = own != null ? own : given != null ? given : meta.defaultSystem();
    if (own != null && !meta.takesSystem()) {
      throw new DatasetException("template " + meta.name() + " has no place for a system text, the row has one. Drop it "
          + "or choose another template.");
    }
    AgentForm agent = meta.agent();
    if (agent != null && !tools.isEmpty()) {
      system = agent.system(system, tools);
    }
    boolean empty = system == null || system.isEmpty();
    boolean upstreamKeepsEmpty = options.upstreamCompatible() && own != null && meta.systemPlace() != SystemPlace.PREFIX;
    return empty && !upstreamKeepsEmpty ? null : system;
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
      bos();
    }
    parts(inPrefix && head != null ? head : meta.prefix(), inPrefix ? system : null, null, -1);
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      boolean last = i == turns.size() - 1;
      if (turn.verbatim()) {
        other(turn.query());
      } else {
        parts(meta.prompt(), null, query(turn.query(), system, i, turns), i);
      }
      List<Said> answer = turn.answer();
      if (answer != null) {
        String first = answer.getFirst().text();
        if (first != null && first.endsWith("<|observation|>")) {
          trimPrompt();
        }
        answer(answer, turn.query(), last);
      } else if (last) {
        filtered(Thoughts.responsePrefix(meta, options), "", promptWeight());
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
    boolean here = place == SystemPlace.FIRST_USER && round == 0
        || place == SystemPlace.LAST_USER && round == turns.size() - 1;
    if (!here) {
      return query;
    }
    if (system == null) {
      return place == SystemPlace.LAST_USER && options.upstreamCompatible() ? "{{SYSTEM}}" + meta.systemGlue() + query : query;
    }
    return system + meta.systemGlue() + query;
  }

  private void plain(List<Turn> given, boolean training) {
    Turn turn = lastOnly(given).getFirst();
    bos();
    other(turn.query());
    List<Said> answer = turn.answer();
    if (answer != null) {
      answer(answer, turn.query(), true);
      if (training) {
        tokenizer.special().eos().ifPresent(id -> pieces.add(Piece.of(id, 1)));
      }
    }
  }

  /** What the tokenizer itself puts before a text. */
  private void bos() {
    int[] one = tokenizer.encode("a", false);
    int[] full = tokenizer.encode("a", true);
    for (int i = 0; one.length == 1 && i < full.length && full[i] != one[0]; i++) {
      pieces.add(Piece.of(full[i], promptWeight()));
    }
  }

  /** What the tokenizer itself puts behind a text. */
  private List<Integer> ownEnd() {
    int[] one = tokenizer.encode("a", false);
    int[] full = tokenizer.encode("a", true);
    List<Integer> end = new ArrayList<>();
    for (int i = full.length - 1; one.length == 1 && i >= 0 && full[i] != one[0]; i--) {
      end.addFirst(full[i]);
    }
    return end;
  }

  private void end(@Nullable List<Said> answer) {
    List<Integer> own = meta.has(Trait.AUTO_ADD_BOS) ? ownEnd() : List.of();
    if (!own.isEmpty()) {
      pieces.add(Piece.of(own, 1));
    } else if (answer != null) {
      suffix(answer);
    } else if (meta.has(Trait.ALWAYS_END)) {
      suffix(1);
    }
  }

  private void trimPrompt() {
    String text = pieces.isEmpty() ? null : pieces.getLast().text();
    if (meta.has(Trait.TRIM_PROMPTS) && text != null && text.endsWith("\n")) {
      pieces.set(pieces.size() - 1, Piece.of(text.substring(0, text.length() - 1), pieces.getLast().weight()));
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
      pieces.add(part instanceof Part.Text text ? Piece.of(text.text(), weight)
          : Piece.of(RowEncoder.idOf(tokenizer, part), weight));
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
          filtered(written, query, weight);
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

  /** Cuts an answer where a strategy gives parts of it another weight; weights of several strategies multiply. */
  private void filtered(String text, String query, double weight) {
    List<Piece> parts = text.isEmpty() ? List.of() : List.of(Piece.of(text, weight));
    for (String filter : options.filters()) {
      if (options.upstreamCompatible() && filter.equals("agentflan")) {
        throw new DatasetException("loss_scale is agentflan, with which ms-swift loses every row. Drop upstream_compatible.");
      }
      parts = parts.stream().flatMap(part -> LossFilter.of(filter).cut(part, query).stream()).toList();
    }
    pieces.addAll(parts);
  }

  private double promptWeight() {
    return all ? 1 : 0;
  }

  /** What is no answer; where all is trained, it is weighed like one. */
  private void other(String text) {
    if (all) {
      filtered(text, "", 1);
    } else {
      pieces.add(Piece.of(text, 0));
    }
  }

  private void parts(List<Part> parts, @Nullable String system, @Nullable String query, int round) {
    for (Part part : parts) {
      if (part instanceof Part.Text text) {
        other(fill(text.text(), system, query, round));
      } else {
        pieces.add(Piece.of(RowEncoder.idOf(tokenizer, part), promptWeight()));
      }
    }
  }

  private String fill(String text, @Nullable String system, @Nullable String query, int round) {
    String out = text.replace("{{DATE}}", DAY.format(options.today())).replace("{{ISO_DATE}}", options.today().toString());
    if (system != null) {
      out = out.replace("{{SYSTEM}}", system.replace("{{ISO_DATE}}", options.today().toString()));
    }
    if (query != null) {
      out = out.replace("{{QUERY}}", query);
      if (options.upstreamCompatible()) {
        out = out.replace("{{ROUND0}}", String.valueOf(round)).replace("{{ROUND1}}", String.valueOf(round + 1));
      }
    }
    return out;
  }

  /** Neighbouring texts of one weight become one piece; empty ones go. */
  private List<Piece> merged() {
    List<Piece> out = new ArrayList<>();
    for (Piece piece : pieces) {
      Piece last = out.isEmpty() ? null : out.getLast();
      String text = piece.text();
      String before = last == null ? null : last.text();
      if (text != null && text.isEmpty()) {
        continue;
      }
      if (text != null && before != null && last != null && last.weight() == piece.weight()) {
        out.set(out.size() - 1, Piece.of(before + text, piece.weight()));
      } else {
        out.add(piece);
      }
    }
    return out;
  }
}
