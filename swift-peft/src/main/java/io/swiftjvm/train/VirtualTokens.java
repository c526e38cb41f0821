package io.swiftjvm.train;

import io.swiftjvm.data.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Batches whose rows have something trained before them. */
final class VirtualTokens {
  private VirtualTokens() {}

  /**
   * Every row behind {@code offset} places, {@code tokens} of which are tokens with the ids {@code first ..} and no
   * label. The label of a row's first own token is not in a batch, so the last virtual token has none either.
   */
  static Batch before(Batch batch, int offset, int tokens, int first) {
    int rows = batch.cuSeqlens().length - 1;
    int n = batch.ids().length + rows * tokens;
    int[] ids = new int[n];
    int[] positions = new int[n];
    int[] labels = new int[n];
    int[] cu = new int[rows + 1];
    float[] from = batch.weights();
    float @Nullable [] weights = from == null ? null : new float[n];
    Arrays.fill(labels, -100);
    for (int r = 0; r < rows; r++) {
      int start = batch.cuSeqlens()[r];
      int length = batch.cuSeqlens()[r + 1] - start;
      int at = cu[r];
      for (int i = 0; i < tokens; i++) {
        ids[at + i] = first + i;
        positions[at + i] = i;
      }
      System.arraycopy(batch.ids(), start, ids, at + tokens, length);
      System.arraycopy(batch.labels(), start, labels, at + tokens, length);
      if (from != null && weights != null) {
        System.arraycopy(from, start, weights, at + tokens, length);
      }
      for (int i = 0; i < length; i++) {
        positions[at + tokens + i] = batch.positions()[start + i] + offset;
      }
      cu[r + 1] = at + tokens + length;
    }
    return new Batch(ids, positions, cu, labels, weights, batch.facts());
  }
}
