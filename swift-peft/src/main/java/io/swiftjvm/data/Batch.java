package io.swiftjvm.data;

import org.jspecify.annotations.Nullable;

/**
 * One micro-batch: rows one behind the other, without padding.
 *
 * @param ids token ids (n)
 * @param positions position of each token in its row (n)
 * @param cuSeqlens where rows start, and n at the end
 * @param labels target of each token (n): the next id of the row where it is trained, else -100
 * @param weights loss factor of each target (n), or null for 1
 */
public record Batch(int[] ids, int[] positions, int[] cuSeqlens, int[] labels, float @Nullable [] weights) {
  /**
   * Checks that the parts fit together. Spelled out, because a compact constructor loses the annotation of an array.
   */
  public Batch(int[] ids, int[] positions, int[] cuSeqlens, int[] labels, float @Nullable [] weights) {
    int n = ids.length;
    if (positions.length != n || labels.length != n || weights != null && weights.length != n) {
      throw new IllegalArgumentException("ids, positions, labels and weights of a batch differ in length");
    }
    if (cuSeqlens.length < 2 || cuSeqlens[0] != 0 || cuSeqlens[cuSeqlens.length - 1] != n) {
      throw new IllegalArgumentException("cuSeqlens must start at 0 and end at " + n);
    }
    this.ids = ids;
    this.positions = positions;
    this.cuSeqlens = cuSeqlens;
    this.labels = labels;
    this.weights = weights;
  }
}
