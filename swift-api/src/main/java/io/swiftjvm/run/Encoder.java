package io.swiftjvm.run;

import com.google.common.hash.Hashing;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodeOptions;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.data.template.JinjaRowEncoder;
import io.swiftjvm.data.template.RowEncoder;
import io.swiftjvm.data.template.TemplateMeta;
import io.swiftjvm.data.template.Templates;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.plan.TextSettings;
import io.swiftjvm.text.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The way of rows to token ids that a plan asks for: the template that was named, else the model's own chat template
 * where it marks what the assistant says, else the template of its family, else its own by comparing renderings. A tool
 * form or a filter of loss_scale asks for the template of the family.
 */
final class Encoder {
  /** One way. */
  @FunctionalInterface
  private interface Way {
    List<EncodedRow> encode(Row row);
  }

  private static final List<String> MEDIA = List.of("images", "videos", "audios");

  private final Way way;
  private final String description;
  private final int maxLength;
  private final int packLength;
  private final int vocabulary;
  private final boolean weighted;
  private final Map<String, String> facts;
  private final @Nullable TextRows texts;
  private final boolean channels;

  private Encoder(
      Way way, String description, int maxLength, int packLength, int vocabulary, boolean weighted,
      Map<String, String> facts, @Nullable TextRows texts, boolean channels) {
    this.texts = texts;
    this.channels = channels;
    this.weighted = weighted;
    this.facts = Map.copyOf(facts);
    this.way = way;
    this.description = description;
    this.maxLength = maxLength;
    this.packLength = packLength;
    this.vocabulary = vocabulary;
  }

  static Encoder of(Settings settings, LoadedModel loaded) {
    TextSettings text = settings.text();
    int limit = loaded.model().source().maxModelLen().orElse(loaded.model().config().maxPositions());
    Integer asked = text.maxLength();
    int maxLength = asked != null ? asked : limit;
    Integer pack = text.packingLength();
    boolean pretraining = settings.task() == Task.PT;
    EncodeOptions strategy = EncodeOptions.defaults().lossScale(pretraining ? "all" : text.lossScale());
    Boolean binary = text.binaryLossScale();
    boolean weighted = binary != null ? !binary : strategy.weighs();
    EncodeOptions options = strategy
        .useChatTemplate(!pretraining).defaultSystem(text.system()).binaryLossScale(!weighted)
        .enableThinking(text.enableThinking())
        .upstreamCompatible(text.upstreamCompatible()).maxLength(maxLength, RowEncoder.truncation(text.truncation()));
    String name = text.template();
    Optional<ChatTemplate> own = ChatTemplate.find(loaded.source().folder());
    Optional<TemplateMeta> family = Templates.ofFamily(loaded.model().config().modelType());
    boolean jinja = name != null ? name.equals("jinja")
        : own.isPresent() && text.agentTemplate() == null && strategy.filters().isEmpty()
            && (own.get().marksGenerations() && !settings.task().ofTexts() || family.isEmpty());
    Way way;
    String description;
    if (pretraining) {
      RowEncoder encoder = new RowEncoder(Templates.of("dummy"), loaded.tokenizer(), options);
      way = row -> encoder.encode(row.messages(), row.extra());
      description = "plain text";
    } else if (jinja) {
      JinjaRowEncoder encoder = new JinjaRowEncoder(loaded.template(), loaded.tokenizer(), options);
      way = row -> encoder.encode(row.messages(), row.extra());
      description = "the model's own chat template";
    } else if (name == null && family.isEmpty()) {
      way = row -> {
        throw new DatasetException("the model has no chat template and its family no usual one. Name one with --template.");
      };
      description = "none";
    } else {
      TemplateMeta named = name != null ? Templates.of(name) : family.orElseThrow();
      String agent = text.agentTemplate();
      TemplateMeta meta = agent == null ? named : named.agent(AgentForms.of(agent));
      EncodeOptions used = meta.thinking() && !meta.nonThinkingPrefix().isEmpty() && text.lossScale().equals("default")
          ? options.lossScale("default+ignore_empty_think") : options;
      RowEncoder encoder = new RowEncoder(meta, loaded.tokenizer(), used);
      way = row -> encoder.encode(row.messages(), row.extra());
      description = meta.name();
    }
    TextRows texts = settings.task().ofTexts()
        ? new TextRows(settings, row -> one(way, row), loaded.model().config().head().outputs()) : null;
    return new Encoder(way, description, maxLength, pack != null ? pack : maxLength,
        loaded.model().config().vocabSize(), weighted, facts(settings, loaded, description, maxLength), texts,
        settings.hooks().channelLoss());
  }

  private static EncodedRow one(Way way, Row row) {
    requireText(row);
    return way.encode(row).getFirst();
  }

  /** Everything that decides which tokens a row becomes, by the names of the arguments. */
  private static Map<String, String> facts(Settings settings, LoadedModel loaded, String description, int maxLength) {
    TextSettings text = settings.text();
    Map<String, String> facts = new TreeMap<>();
    facts.put("task_type", settings.task().toString());
    facts.put("template", description);
    facts.put("agent_template", String.valueOf(text.agentTemplate()));
    facts.put("system", String.valueOf(text.system()));
    facts.put("max_length", String.valueOf(maxLength));
    facts.put("truncation_strategy", text.truncation());
    facts.put("loss_scale", text.lossScale() + " binary " + text.binaryLossScale());
    facts.put("enable_thinking", String.valueOf(text.enableThinking()));
    Path tokenizer = loaded.source().folder().resolve("tokenizer.json");
    try {
      facts.put("tokenizer.json", Files.isRegularFile(tokenizer)
          ? Hashing.sha256().hashBytes(Files.readAllBytes(tokenizer)).toString() : "none");
    } catch (IOException e) {
      throw new DatasetException(tokenizer + " cannot be read: " + e, e);
    }
    return facts;
  }

  /** What rows encoded elsewhere must share with these. */
  Map<String, String> facts() {
    return facts;
  }

  int packLength() {
    return packLength;
  }

  /** A row as units of training: one, unless a long text was split. */
  List<Batch> units(Row row) {
    if (texts == null) {
      List<Batch> parts = encode(row).stream().map(RowEncoding::batch).toList();
      Object channel = channels ? row.extra().get("channel") : null;
      return channel == null ? parts : parts.stream()
          .map(part -> part.facts(List.of(new RowFacts(new float[0], channel.toString())))).toList();
    }
    if (row.tokenised()) {
      throw new DatasetException("the row has tokens; classifiers, embeddings and rerankers learn from messages.");
    }
    return List.of(texts.of(row));
  }

  /** The tokens of a text whose task has a target for whole texts, as in training. */
  int[] text(Row row) {
    return one(way, row).ids();
  }

  List<EncodedRow> encode(Row row) {
    if (row.tokenised()) {
      return List.of(tokenised(row));
    }
    requireText(row);
    return way.encode(row);
  }

  private static void requireText(Row row) {
    boolean parts = row.messages().stream().anyMatch(message -> message.content() instanceof List<?> content
        && content.stream().anyMatch(part -> part instanceof Map<?, ?>) && message.role().matches("system|user|assistant"));
    if (parts || MEDIA.stream().anyMatch(media -> row.extra().get(media) instanceof List<?> list && !list.isEmpty())) {
      throw new DatasetException("the row has pictures, sound or video; this version trains on text only. Leave them "
          + "out if the text makes sense alone.");
    }
  }

  private EncodedRow tokenised(Row row) {
    int[] ids = ints(row.extra().get("input_ids"));
    int[] labels = row.extra().containsKey("labels") ? ints(row.extra().get("labels")) : ids.clone();
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= vocabulary || labels[i] >= vocabulary) {
        throw new DatasetException("token " + Math.max(ids[i], labels[i]) + " is outside the model's vocabulary 0.."
            + (vocabulary - 1) + ". Tokenise with the model's own tokenizer.");
      }
    }
    if (ids.length > maxLength) {
      throw new DatasetException("the row has " + ids.length + " tokens, max_length is " + maxLength
          + ". Raise max_length or cut the row.");
    }
    labels[0] = EncodedRow.IGNORED;
    return new EncodedRow(ids, labels, weighted ? floats(row.extra().get("loss_scale")) : null, List.of());
  }

  private static float @Nullable [] floats(@Nullable Object value) {
    if (!(value instanceof List<?> list)) {
      return null;
    }
    float[] out = new float[list.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = ((Number) list.get(i)).floatValue();
    }
    return out;
  }

  private static int[] ints(@Nullable Object value) {
    return value instanceof List<?> list ? list.stream().mapToInt(x -> ((Number) x).intValue()).toArray() : new int[0];
  }

  @Override
  public String toString() {
    return description;
  }
}
