package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.Origin;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.SwiftException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows to tokens for training; a row that cannot be encoded, or is longer than a batch may be, is a drop.
 *
 * @param encoder the way of the plan
 * @param longest most tokens of a row; null = what the encoder allows
 */
record RowEncoding(Encoder encoder, @Nullable Integer longest) {
  /** The parts of a row (one, unless a long text was split), none when it was dropped. */
  List<Batch> encode(Row row, Drops drops) {
    return encode(() -> row, row::origin, drops);
  }

  /** {@link #encode(Row, Drops)} for a row that is read now and whose place is sought only if it is needed. */
  List<Batch> encode(Supplier<Row> row, Supplier<Origin> origin, Drops drops) {
    List<Batch> out = new ArrayList<>();
    try {
      for (Batch unit : encoder.units(row.get())) {
        if (longest != null && unit.ids().length > longest) {
          throw new DatasetException("the row has " + unit.ids().length + " tokens, max_tokens_per_batch is " + longest
              + ". Raise it, or cut rows with max_length and truncation_strategy.");
        }
        out.add(unit);
      }
      return out;
    } catch (SwiftException e) {
      drops.drop(origin.get(), String.valueOf(e.getMessage()));
      return List.of();
    }
  }

  /** All rows; those that were counted as kept and cannot be encoded no longer are. */
  List<Batch> encode(List<Row> rows, Drops drops) {
    List<Batch> out = new ArrayList<>();
    for (Row row : rows) {
      int before = drops.count();
      out.addAll(encode(row, drops));
      drops.keep(before - drops.count());
    }
    return out;
  }

  /** One row with its labels moved to the position that predicts them. */
  static Batch batch(EncodedRow row) {
    int n = row.length();
    int[] positions = new int[n];
    int[] labels = new int[n];
    float[] given = row.weights();
    float[] weights = given == null ? null : new float[n];
    for (int i = 0; i < n; i++) {
      positions[i] = i;
      labels[i] = i + 1 < n ? row.labels()[i + 1] : EncodedRow.IGNORED;
      if (weights != null && given != null) {
        weights[i] = i + 1 < n ? given[i + 1] : 0;
      }
    }
    return new Batch(row.ids(), positions, new int[] {0, n}, labels, weights);
  }
}
