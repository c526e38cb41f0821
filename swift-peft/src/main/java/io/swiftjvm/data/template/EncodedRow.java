package io.swiftjvm.data.template;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row as token ids.
 *
 * @param ids token ids (n)
 * @param labels the id itself where it is trained, else -100; not shifted; the first is never trained
 * @param weights loss factors (n), or null where every trained token counts 1
 * @param pieces what was tokenised, for inspection
 */
@SuppressWarnings("ArrayRecordComponent") // read by loops, compared by nobody
public record EncodedRow(int[] ids, int[] labels, float @Nullable [] weights, List<Piece> pieces) {
  /** Label of a token that is not trained. */
  public static final int IGNORED = -100;

  /** Spelled out, because a compact constructor loses the annotation of an array. */
  public EncodedRow(int[] ids, int[] labels, float @Nullable [] weights, List<Piece> pieces) {
    this.ids = ids;
    this.labels = labels;
    this.weights = weights;
    this.pieces = List.copyOf(pieces);
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Tokens {@code [from, to)}; the first of them is not trained. */
  EncodedRow slice(int from, int to) {
    int[] cutLabels = Arrays.copyOfRange(labels, from, to);
    float[] cutWeights = weights == null ? null : Arrays.copyOfRange(weights, from, to);
    if (to > from) {
      cutLabels[0] = IGNORED;
      if (cutWeights != null) {
        cutWeights[0] = 0;
      }
    }
    return new EncodedRow(Arrays.copyOfRange(ids, from, to), cutLabels, cutWeights, pieces);
  }
}
