package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.data.rows.RelatedTexts;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.plan.HeadSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.train.objective.ClassObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The texts of a row with their targets, one behind the other, for the tasks whose loss is over texts. */
final class TextRows {
  private static final String LABEL = "label";

  private final Settings settings;
  private final Function<Row, EncodedRow> text;
  private final int outputs;
  private final boolean pairs;

  /**
   * Rows for the task of {@code settings}.
   *
   * @param text one conversation as tokens
   * @param outputs of the model's score head
   */
  TextRows(Settings settings, Function<Row, EncodedRow> text, int outputs) {
    this.settings = settings;
    this.text = text;
    this.outputs = outputs;
    pairs = settings.task() == Task.EMBEDDING && TaskLoss.pairs(settings.hooks().lossType());
  }

  /** A row as a batch of its own. */
  Batch of(Row row) {
    List<Batch> out = new ArrayList<>();
    switch (settings.task()) {
      case SEQ_CLS -> {
        Map<String, Object> extra = new LinkedHashMap<>(row.extra());
        Object label = extra.remove(LABEL);
        add(out, new Row(row.messages(), extra, row.origin()), target(label));
      }
      case EMBEDDING -> embedding(RelatedTexts.of(row), out);
      default -> ranked(RelatedTexts.of(row), out);
    }
    return RowBatches.join(out);
  }

  private void add(List<Batch> out, Row row, float... target) {
    EncodedRow encoded = text.apply(row);
    int[] none = new int[encoded.length()];
    Arrays.fill(none, EncodedRow.IGNORED);
    out.add(RowEncoding.batch(new EncodedRow(encoded.ids(), none, null, List.of()))
        .facts(List.of(RowFacts.of(target))));
  }

  private void embedding(RelatedTexts texts, List<Batch> out) {
    Double label = texts.label();
    float alike = label == null ? 1 : label.floatValue();
    if (pairs) {
      if (!texts.negatives().isEmpty()) {
        throw new DatasetException("the row has negative_messages, and loss_type " + settings.hooks().lossType()
            + " takes pairs. Use loss_type infonce, or write a row with label 0 for each.");
      }
      add(out, texts.anchor(), alike);
      add(out, texts.positives().getFirst(), alike);
      return;
    }
    add(out, texts.anchor(), -1);
    add(out, texts.positives().getFirst(), 1);
    List<Row> negatives = texts.negatives();
    Integer wanted = settings.head().hardNegatives();
    if (wanted != null && negatives.isEmpty()) {
      throw new DatasetException("the row has no negative_messages, and infonce_hard_negatives is " + wanted + ".");
    }
    for (int i = 0; i < (wanted == null ? negatives.size() : wanted); i++) {
      add(out, negatives.get(i % negatives.size()), 0);
    }
  }

  private void ranked(RelatedTexts texts, List<Batch> out) {
    HeadSettings head = settings.head();
    long seed = settings.train().dataSeed();
    List<Row> positives = texts.draw(texts.positives(), head.positives(), seed);
    for (int i = 0; i < positives.size(); i++) {
      add(out, texts.together(positives.get(i)), 1);
      for (Row negative : texts.draw(texts.negatives(), head.negatives(), seed + i + 1)) {
        add(out, texts.together(negative), 0);
      }
    }
  }

  /** What the outputs should be. */
  private float[] target(@Nullable Object label) {
    ClassObjective.Kind kind = settings.head().kind(outputs);
    List<?> values = label instanceof List<?> list ? list : label == null ? List.of() : List.of(label);
    float[] numbers = new float[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = values.get(i) instanceof Number n ? n.floatValue() : values.get(i) instanceof Boolean on ? (on ? 1 : 0)
          : Float.NaN;
    }
    boolean classes = kind != ClassObjective.Kind.REGRESSION;
    boolean legal = label != null && numbers.length > 0 || label != null && kind == ClassObjective.Kind.MULTI_LABEL_CLASSIFICATION;
    for (float number : numbers) {
      legal &= classes ? number >= 0 && number < outputs && number == (int) number : Float.isFinite(number);
    }
    legal &= switch (kind) {
      case SINGLE_LABEL_CLASSIFICATION -> numbers.length == 1;
      case REGRESSION -> numbers.length == outputs;
      case MULTI_LABEL_CLASSIFICATION -> true;
    };
    if (!legal) {
      throw new DatasetException("label is " + label + "; " + switch (kind) {
        case SINGLE_LABEL_CLASSIFICATION -> "it must be a class from 0 to " + (outputs - 1);
        case REGRESSION -> "it must be " + (outputs == 1 ? "a number" : "a list of " + outputs + " numbers");
        case MULTI_LABEL_CLASSIFICATION -> "it must be a list of classes from 0 to " + (outputs - 1);
      } + " (problem_type " + kind + ", num_labels " + outputs + ").");
    }
    if (kind != ClassObjective.Kind.MULTI_LABEL_CLASSIFICATION) {
      return numbers;
    }
    float[] each = new float[outputs];
    for (float number : numbers) {
      each[(int) number] = 1;
    }
    return each;
  }
}
