package io.swiftjvm.data.template;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.template.EncodeOptions.Truncation;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Encodes conversations by a {@link TemplateMeta}, to the ids, labels and weights of ms-swift. Text of equal weight is
 * tokenised in one piece; the end of every trained answer is trained too; the first token never is.
 *
 * {@snippet :
 * var encoder = new RowEncoder(Templates.of("qwen3"), tokenizer, EncodeOptions.defaults());
 * EncodedRow row = encoder.encode(messages, Map.of()).getFirst();
 * }
 *
 * <p>Where ms-swift's behaviour is a fault, ours differs unless {@link EncodeOptions#upstreamCompatible}: the end of a
 * last answer with {@code "loss": false} is not trained; placeholders in the user's own text stay text; a row of
 * several rounds is refused by a template that can write only one, instead of losing all but the last; no template
 * writes a literal {@code {{SYSTEM}}}.
 */
public final class RowEncoder {
  private final TemplateMeta meta;
  private final Tokenizer tokenizer;
  private final EncodeOptions options;

  public RowEncoder(TemplateMeta meta, Tokenizer tokenizer, EncodeOptions options) {
    this.meta = meta;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /**
   * A training row; several where a long one is split.
   *
   * @param extra other columns of the row: tools, add_eos, chat_template_kwargs
   * @throws DatasetException if the template cannot write it or it is too long
   */
  public List<EncodedRow> encode(List<Message> messages, Map<String, ?> extra) {
    return fit(row(messages, extra, true), options);
  }

  /** The ids of a prompt, open for the answer. */
  public EncodedRow prompt(List<Message> messages, Map<String, ?> extra) {
    return fit(row(messages, extra, false), options).getFirst();
  }

  private EncodedRow row(List<Message> messages, Map<String, ?> extra, boolean training) {
    EncodeOptions effective = withKwargs(extra);
    List<Piece> pieces = new PieceWriter(meta, effective, tokenizer).write(messages, extra, training);
    int[][] idsOf = new int[pieces.size()][];
    int n = 0;
    for (int i = 0; i < idsOf.length; i++) {
      Piece piece = pieces.get(i);
      String text = piece.text();
      idsOf[i] = text != null ? tokenizer.encode(text, false)
          : piece.ids().stream().mapToInt(Integer::intValue).toArray();
      n += idsOf[i].length;
    }
    int[] ids = new int[n];
    int[] labels = new int[n];
    float[] weights = new float[n];
    int at = 0;
    for (int i = 0; i < idsOf.length; i++) {
      for (int id : idsOf[i]) {
        double weight = pieces.get(i).weight();
        ids[at] = id;
        labels[at] = weight > 0 ? id : EncodedRow.IGNORED;
        weights[at++] = (float) weight;
      }
    }
    if (training) {
      trainEnds(ids, labels, weights);
    }
    if (n > 0) {
      labels[0] = EncodedRow.IGNORED;
      weights[0] = 0;
    }
    return new EncodedRow(ids, labels, options.binaryLossScale() ? null : weights, pieces);
  }

  /** Trains the suffix wherever it directly follows trained tokens. */
  private void trainEnds(int[] ids, int[] labels, float[] weights) {
    int[] suffix = options.useChatTemplate() ? new SpecialIds(tokenizer).of(meta.suffix())
        : tokenizer.special().eos().stream().toArray();
    for (int i = 1; suffix.length > 0 && i + suffix.length <= ids.length; i++) {
      if (labels[i - 1] >= 0 && labels[i] < 0 && Arrays.equals(ids, i, i + suffix.length, suffix, 0, suffix.length)) {
        for (int k = i; k < i + suffix.length; k++) {
          labels[k] = ids[k];
          weights[k] = 1;
        }
        i += suffix.length - 1;
      }
    }
  }

  private EncodeOptions withKwargs(Map<String, ?> extra) {
    EncodeOptions out = options;
    if (extra.get("chat_template_kwargs") instanceof Map<?, ?> kwargs) {
      if (kwargs.get("enable_thinking") instanceof Boolean on) {
        out = out.enableThinking(on);
      }
      if (kwargs.get("preserve_thinking") instanceof Boolean on) {
        out = out.preserveThinking(on);
      }
    }
    return out;
  }

  static List<EncodedRow> fit(EncodedRow row, EncodeOptions options) {
    int max = options.maxLength();
    int n = row.length();
    if (max == 0 || n <= max) {
      return List.of(row);
    }
    return switch (options.truncation()) {
      case DELETE -> throw new DatasetException("the row has " + n + " tokens, max_length is " + max
          + ". Raise max_length, or choose truncation_strategy left or right.");
      case LEFT -> List.of(row.slice(n - max, n));
      case RIGHT -> List.of(row.slice(0, max));
      case SPLIT -> split(row, max);
    };
  }

  private static List<EncodedRow> split(EncodedRow row, int max) {
    List<EncodedRow> out = new ArrayList<>();
    for (int from = 0; from < row.length(); from += max) {
      out.add(row.slice(from, Math.min(row.length(), from + max)));
    }
    return out;
  }

  /** The way of cutting by its ms-swift name. */
  public static Truncation truncation(String name) {
    return name.equals("raise") ? Truncation.DELETE : Truncation.valueOf(name.toUpperCase(java.util.Locale.ROOT));
  }
}
