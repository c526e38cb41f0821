package io.swiftjvm.model;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A padded batch without its padding; {@code source[i]} is the index in the padded batch of flat row i. */
record FlatRows(int[] ids, int[] positions, int[] cuSeqlens, int[] source) {
  static FlatRows of(int[] ids, int @Nullable [] mask, int @Nullable [] positions, int columns) {
    int[] kept = IntStream.range(0, ids.length).filter(i -> mask == null || mask[i] != 0).toArray();
    int rows = ids.length / columns;
    int[] cu = new int[rows + 1];
    Arrays.stream(kept).forEach(i -> cu[i / columns + 1]++);
    for (int r = 0; r < rows; r++) {
      cu[r + 1] += cu[r];
    }
    int[] flatPositions = new int[kept.length];
    for (int i = 0; i < kept.length; i++) {
      flatPositions[i] = positions != null ? positions[kept[i]] : i - cu[kept[i] / columns];
    }
    return new FlatRows(Arrays.stream(kept).map(i -> ids[i]).toArray(), flatPositions, cu, kept);
  }

  /** One row. */
  static FlatRows of(int... ids) {
    return of(ids, null, null, ids.length);
  }

  /** Row {@code r} alone. */
  FlatRows row(int r) {
    int from = cuSeqlens[r];
    int to = cuSeqlens[r + 1];
    return new FlatRows(Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(positions, from, to),
        new int[] {0, to - from}, Arrays.copyOfRange(source, from, to));
  }

  int count() {
    return cuSeqlens.length - 1;
  }

  /** Labels of a padded batch, shifted within their rows. */
  int[] shiftedLabels(int[] padded) {
    int[] shifted = new int[ids.length];
    Arrays.fill(shifted, -100);
    for (int r = 0; r < count(); r++) {
      for (int i = cuSeqlens[r]; i + 1 < cuSeqlens[r + 1]; i++) {
        shifted[i] = padded[source[i + 1]];
      }
    }
    return shifted;
  }
}
