package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.tools.ToolColumns;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.Encoding;
import io.swiftjvm.text.RenderOptions;
import io.swiftjvm.text.Rendered;
import io.swiftjvm.text.Span;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Encodes conversations by the model's own chat template, so that the ids trained on are the ids served. What the
 * template marks as generated is trained; without marks, what each assistant message adds to the rendering before it.
 */
public final class JinjaRowEncoder {
  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final EncodeOptions options;

  public JinjaRowEncoder(ChatTemplate template, Tokenizer tokenizer, EncodeOptions options) {
    if (!options.filters().isEmpty()) {
      throw new InvalidPlanException("loss_scale is '" + options.lossScale() + "', but the model's own chat template "
          + "weighs whole answers. Use " + options.base() + ", or name a training template with --template.");
    }
    this.template = template;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /**
   * A training row; several where a long one is split.
   *
   * @param extra other columns: tools, chat_template_kwargs
   * @throws DatasetException if the answers cannot be told from the rest, or the row is too long
   */
  public List<EncodedRow> encode(List<Message> given, Map<String, ?> extra) {
    List<JinjaMessage> messages = JinjaMessage.of(withSystem(given));
    List<Map<String, Object>> plain = messages.stream().map(JinjaMessage::plain).toList();
    RenderOptions render = options(extra);
    Rendered rendered = template.render(plain, render);
    List<Integer> answers = answers(messages);
    List<Span> spans =
        template.marksGenerations() ? rendered.generationSpans() : differences(plain, render, rendered.text(), answers);
    if (spans.size() != answers.size()) {
      throw new DatasetException("the chat template wrote " + spans.size() + " answers for " + answers.size()
          + " assistant messages, so they cannot be told apart. Join neighbouring assistant messages.");
    }
    Encoding encoding = tokenizer.encodeWithOffsets(rendered.text(), false).toCharOffsets(rendered.text());
    double[] weights = new double[encoding.size()];
    for (int k = 0; k < spans.size(); k++) {
      double weight = weight(messages.get(answers.get(k)).source(), k == spans.size() - 1);
      for (int i = 0; i < weights.length; i++) {
        boolean inside = encoding.starts()[i] >= spans.get(k).start() && encoding.ends()[i] <= spans.get(k).end()
            && encoding.ends()[i] > encoding.starts()[i];
        weights[i] = inside ? weight : weights[i];
      }
    }
    return RowEncoder.fit(row(rendered.text(), encoding, weights), options);
  }

  /** The ids of a prompt, open for the answer; an answered row is rendered whole. */
  public EncodedRow prompt(List<Message> given, Map<String, ?> extra) {
    List<JinjaMessage> messages = JinjaMessage.of(withSystem(given));
    boolean open = messages.isEmpty() || !messages.getLast().is("assistant");
    Rendered rendered = template.render(messages.stream().map(JinjaMessage::plain).toList(),
        options(extra).withAddGenerationPrompt(open));
    Encoding encoding = tokenizer.encodeWithOffsets(rendered.text(), false);
    return RowEncoder.fit(row(rendered.text(), encoding, new double[encoding.size()]), options).getFirst();
  }

  private EncodedRow row(String text, Encoding encoding, double[] weights) {
    boolean all = options.base().equals("all");
    int n = encoding.size();
    int[] labels = new int[n];
    float[] factors = new float[n];
    for (int i = 0; i < n; i++) {
      double weight = all && weights[i] == 0 ? 1 : weights[i];
      labels[i] = weight > 0 && i > 0 ? encoding.ids()[i] : EncodedRow.IGNORED;
      factors[i] = i > 0 ? (float) weight : 0;
    }
    return new EncodedRow(
        encoding.ids(), labels, options.binaryLossScale() ? null : factors, List.of(Piece.of(text, 1)));
  }

  private double weight(Message message, boolean last) {
    Boolean loss = message.loss();
    Double scale = message.lossScale();
    boolean trained = loss != null ? loss : !options.base().equals("last_round") || last;
    return !trained ? 0 : scale != null ? scale : 1;
  }

  private List<Span> differences(
      List<Map<String, Object>> messages, RenderOptions render, String whole, List<Integer> answers) {
    List<Span> spans = new ArrayList<>();
    for (int at : answers) {
      String before = template.render(messages.subList(0, at), render.withAddGenerationPrompt(true)).text();
      String upTo = template.render(messages.subList(0, at + 1), render).text();
      if (!whole.startsWith(upTo) || !upTo.startsWith(before)) {
        throw new DatasetException("the chat template writes message " + (at + 1) + " differently when more follows, "
            + "so answers cannot be told from the rest. Use a template with {% generation %} marks or name one with "
            + "--template.");
      }
      spans.add(new Span(before.length(), upTo.length()));
    }
    return spans;
  }

  private RenderOptions options(Map<String, ?> extra) {
    RenderOptions render = RenderOptions.defaults();
    Boolean thinking = options.enableThinking();
    if (thinking != null) {
      render = render.withVariable("enable_thinking", thinking);
    }
    if (extra.get("chat_template_kwargs") instanceof Map<?, ?> kwargs) {
      for (Map.Entry<?, ?> entry : kwargs.entrySet()) {
        if (entry.getValue() != null) {
          render = render.withVariable(String.valueOf(entry.getKey()), entry.getValue());
        }
      }
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    for (Object tool : ToolColumns.of(extra)) {
      Map<String, Object> copy = new LinkedHashMap<>();
      ((Map<?, ?>) tool).forEach((k, v) -> copy.put(String.valueOf(k), v));
      tools.add(copy);
    }
    return tools.isEmpty() ? render : render.withTools(tools);
  }

  private List<Message> withSystem(List<Message> messages) {
    String system = options.defaultSystem();
    boolean has = !messages.isEmpty() && messages.getFirst().role().equals("system");
    if (system == null || system.isEmpty() || has) {
      return messages;
    }
    List<Message> out = new ArrayList<>(messages);
    out.addFirst(new Message("system", system, null, null));
    return out;
  }

  private static List<Integer> answers(List<JinjaMessage> messages) {
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).is("assistant")) {
        out.add(i);
      }
    }
    return out;
  }
}
