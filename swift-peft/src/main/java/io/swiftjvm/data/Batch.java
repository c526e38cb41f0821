package io.swiftjvm.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One micro-batch: rows one behind the other, without padding.
 *
 * @param ids token ids (n)
 * @param positions position of each token in its row (n)
 * @param cuSeqlens where rows start, and n at the end
 * @param labels target of each token (n): the next id of the row where it is trained, else -100
 * @param weights loss factor of each target (n), or null for 1
 * @param facts one for each row, or none at all
 */
public record Batch(
    int[] ids, int[] positions, int[] cuSeqlens, int[] labels, float @Nullable [] weights, List<RowFacts> facts) {
  /**
   * Checks that the parts fit together. Spelled out, because a compact constructor loses the annotation of an array.
   */
  public Batch(
      int[] ids, int[] positions, int[] cuSeqlens, int[] labels, float @Nullable [] weights, List<RowFacts> facts) {
    int n = ids.length;
    if (positions.length != n || labels.length != n || weights != null && weights.length != n) {
      throw new IllegalArgumentException("ids, positions, labels and weights of a batch differ in length");
    }
    if (cuSeqlens.length < 2 || cuSeqlens[0] != 0 || cuSeqlens[cuSeqlens.length - 1] != n) {
      throw new IllegalArgumentException("cuSeqlens must start at 0 and end at " + n);
    }
    if (!facts.isEmpty() && facts.size() != cuSeqlens.length - 1) {
      throw new IllegalArgumentException(facts.size() + " facts for " + (cuSeqlens.length - 1) + " rows");
    }
    this.ids = ids;
    this.positions = positions;
    this.cuSeqlens = cuSeqlens;
    this.labels = labels;
    this.weights = weights;
    this.facts = List.copyOf(facts);
  }

  /** Rows of which no more is known. */
  public Batch(int[] ids, int[] positions, int[] cuSeqlens, int[] labels, float @Nullable [] weights) {
    this(ids, positions, cuSeqlens, labels, weights, List.of());
  }

  /** The same rows with facts. */
  public Batch facts(List<RowFacts> value) {
    return new Batch(ids, positions, cuSeqlens, labels, weights, value);
  }
}
