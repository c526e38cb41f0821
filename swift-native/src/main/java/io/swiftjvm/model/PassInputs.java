package io.swiftjvm.model;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a pass is told by the host: its tokens, and what their positions come to. {@link #write} puts those of a later pass
 * in their place, for passes that are done again.
 *
 * {@snippet :
 * PassInputs inputs = model.inputs(scope, new int[] {11}, new int[] {0});
 * Tensor hidden = model.hidden(pass, inputs); // (1,C)
 * inputs.write(new int[] {12}, new int[] {1}); // for the same pass done again
 * }
 */
public final class PassInputs {
  private final Backend backend;
  private final CausalLm model;
  private final Tensor ids;
  private final Map<RopeTable, RopeTable.Angles> angles = new HashMap<>();
  private final RopeTable[] tables;
  private final @Nullable Tensor places;
  /** Where numbers are before they are uploaded, kept for later passes. */
  private final int[] staged;
  private final MemorySegment stagedMemory;

  /** For int32 ids (n) on the device. */
  PassInputs(CausalLm model, Backend backend, Scope scope, Tensor ids, int[] positions) {
    if (ids.dtype() != DType.I32 || ids.size() != positions.length) {
      throw new IllegalArgumentException(
          "a pass needs int32 ids and as many positions, got " + ids + " and " + positions.length + " positions");
    }
    this.backend = backend;
    this.model = model;
    this.ids = ids;
    staged = new int[positions.length];
    stagedMemory = MemorySegment.ofArray(staged);
    for (RopeTable table : model.ropes()) {
      if (table != null && !angles.containsKey(table)) {
        angles.put(table, table.room(scope, positions.length));
      }
    }
    tables = angles.keySet().toArray(new RopeTable[0]);
    places = model.hasLearnedPositions() ? scope.tensor(DType.I32, positions.length) : null;
    place(positions);
  }

  /** The tokens. */
  Tensor ids() {
    return ids;
  }

  /** The learned positions' rows, if the model has such. */
  @Nullable Tensor places() {
    return places;
  }

  RopeTable.@Nullable Angles angles(@Nullable RopeTable table) {
    return table == null ? null : angles.get(table);
  }

  /**
   * The tokens and positions of the next pass, as many as before.
   *
   * @param tokens ids (n)
   * @param positions of the tokens within their texts, 0 or more
   */
  public void write(int[] tokens, int[] positions) {
    upload(tokens, ids);
    place(positions);
  }

  private void upload(int[] values, Tensor target) {
    if (values.length != staged.length) {
      throw new IllegalArgumentException("a pass of " + staged.length + " tokens was recorded, got " + values.length);
    }
    System.arraycopy(values, 0, staged, 0, staged.length);
    backend.upload(stagedMemory, target);
  }

  private void place(int[] positions) {
    int last = 0;
    for (int position : positions) {
      if (position < 0) {
        throw new IllegalArgumentException("positions must be >= 0, got " + position);
      }
      last = Math.max(last, position);
    }
    Tensor rows = places;
    if (rows != null) {
      int limit = model.config().maxPositions();
      if (last >= limit) {
        throw new InvalidPlanException("Position " + last + " was asked for, but " + model.config().modelType()
            + " has a table of " + limit + " learned positions. Shorten the text.");
      }
      upload(positions, rows);
    }
    for (RopeTable table : tables) {
      table.write(backend, positions, Objects.requireNonNull(angles.get(table)));
    }
  }
}
