package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import io.swiftjvm.tuner.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The texts of a row that an embedding or a reranker learns from together: {@code messages}, {@code positive_messages} and
 * {@code negative_messages}, each of the latter a list of conversations, and {@code label} for the pair of an embedding.
 *
 * {@snippet :
 * RelatedTexts group = RelatedTexts.of(row); // {"messages": [..], "positive_messages": [[..]], "negative_messages": [..]}
 * }
 *
 * @param anchor the question
 * @param positives right answers, at least one
 * @param negatives wrong ones
 * @param label how alike question and answer are; null = not said
 */
public record RelatedTexts(Row anchor, List<Row> positives, List<Row> negatives, @Nullable Double label) {
  private static final String POSITIVE = "positive_messages";
  private static final String NEGATIVE = "negative_messages";
  private static final String LABEL = "label";

  public RelatedTexts {
    positives = List.copyOf(positives);
    negatives = List.copyOf(negatives);
  }

  /**
   * The texts of a row.
   *
   * @throws DatasetException if there is no right answer, or the label is no number
   */
  public static RelatedTexts of(Row row) {
    Map<String, Object> extra = new LinkedHashMap<>(row.extra());
    Object label = extra.remove(LABEL);
    List<Row> positives = rows(row, extra, POSITIVE);
    List<Row> negatives = rows(row, extra, NEGATIVE);
    extra.keySet().removeAll(List.of(POSITIVE, NEGATIVE));
    if (positives.isEmpty()) {
      throw new DatasetException("the row has no " + POSITIVE + ". Write [[{\"role\": \"user\", \"content\": ..}]].");
    }
    return new RelatedTexts(new Row(row.messages(), extra, row.origin()), positives, negatives,
        label == null ? null : number(label));
  }

  private static List<Row> rows(Row row, Map<String, Object> extra, String column) {
    List<Row> out = new ArrayList<>();
    Object given = extra.get(column);
    if (given instanceof List<?> conversations) {
      conversations.forEach(one ->
          out.add(new Row(Conversations.read(one, new ArrayList<>()), Map.of(), row.origin())));
    } else if (given != null) {
      throw new DatasetException(column + " is no list of conversations. Write [[{\"role\": \"user\", \"content\": ..}]].");
    }
    return out;
  }

  private static double number(Object label) {
    if (label instanceof Number value && Double.isFinite(value.doubleValue())) {
      return value.doubleValue();
    }
    if (label instanceof Boolean alike) {
      return alike ? 1 : 0;
    }
    throw new DatasetException("label is " + label + "; the label of a pair is a number, such as 0.8.");
  }

  /** Question and answer as one conversation, for a reranker; a system text of the answer goes before the question's. */
  public Row together(Row answer) {
    List<Message> messages = new ArrayList<>(answer.messages().stream().filter(RelatedTexts::isSystem).toList());
    anchor.messages().stream().filter(m -> messages.isEmpty() || !isSystem(m)).forEach(messages::add);
    answer.messages().stream().filter(m -> !isSystem(m)).forEach(messages::add);
    return new Row(messages, anchor.extra(), anchor.origin());
  }

  private static boolean isSystem(Message message) {
    return message.role().equals("system");
  }

  /**
   * At most {@code count} of {@code rows}, drawn by the seed and the place of the row in its file; in their order.
   */
  public List<Row> draw(List<Row> rows, int count, long seed) {
    if (rows.size() <= count) {
      return rows;
    }
    Seeds random = Seeds.of(seed, anchor.origin().toString());
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      places.add(i);
    }
    for (int i = rows.size() - 1; i > 0; i--) {
      Collections.swap(places, i, (int) (random.uniform() * (i + 1)));
    }
    return places.subList(0, count).stream().sorted().map(rows::get).toList();
  }
}
