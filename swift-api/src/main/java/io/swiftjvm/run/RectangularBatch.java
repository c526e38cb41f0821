package io.swiftjvm.run;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.TensorEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Token ids as other libraries pass them, {@code input_ids} (B,T) with optional mask, positions and labels, flattened
 * to
 * the rows that the model computes. Masked positions are left out; without a mask, a row whose positions start again
 * holds several sequences that do not see each other.
 *
 * @param batch B
 * @param length T
 * @param places index b*T+t of every computed token, in order
 * @param ids token ids of the computed tokens
 * @param positions their positions
 * @param cuSeqlens where sequences start among them
 * @param labels target of every computed token (shifted), -100 for none; null when the file has no labels
 */
public record RectangularBatch(
    int batch, int length, int[] places, int[] ids, int[] positions, int[] cuSeqlens, int @Nullable [] labels) {
  private static final int NO_LABEL = -100;

  /** Reads {@code input_ids}, {@code attention_mask}, {@code position_ids} and {@code labels} of a safetensors file. */
  public static RectangularBatch read(Path file, long vocabulary) {
    return read(file, vocabulary, true);
  }

  /** {@link #read(Path, long)}; without {@code tokenLabels} the labels are not those of tokens and are left alone. */
  static RectangularBatch read(Path file, long vocabulary, boolean tokenLabels) {
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      if (!in.contains("input_ids")) {
        throw new ModelFormatException(
            file + " has no tensor 'input_ids', it has " + in.names() + ". Write token ids (B,T) as int64.");
      }
      TensorEntry entry = in.entry("input_ids");
      if (entry.shape().length != 2 || entry.elements() == 0) {
        throw new ModelFormatException(
            file + ": input_ids has shape " + Arrays.toString(entry.shape()) + ", (B,T) with B, T >= 1 is needed.");
      }
      int b = Math.toIntExact(entry.shape()[0]);
      int t = Math.toIntExact(entry.shape()[1]);
      return flatten(file, b, t, integers(file, in, "input_ids", entry), optional(file, in, "attention_mask", entry),
          optional(file, in, "position_ids", entry), tokenLabels ? optional(file, in, "labels", entry) : null, vocabulary);
    }
  }

  private static RectangularBatch flatten(
      Path file, int b, int t, long[] ids, long @Nullable [] mask, long @Nullable [] positions,
      long @Nullable [] labels, long vocabulary) {
    List<Integer> places = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    for (int row = 0; row < b; row++) {
      boolean open = false;
      for (int i = row * t; i < (row + 1) * t; i++) {
        if (mask != null && mask[i] == 0) {
          continue;
        }
        boolean restart = mask == null && positions != null && i > row * t && positions[i] != positions[i - 1] + 1;
        if (!open || restart) {
          starts.add(places.size());
          open = true;
        }
        places.add(i);
      }
    }
    starts.add(places.size());
    int n = places.size();
    if (n == 0) {
      throw new ModelFormatException(file + ": attention_mask leaves no token; at least one must be 1.");
    }
    int[] flatIds = new int[n];
    int[] flatPositions = new int[n];
    int[] flatLabels = labels == null ? null : new int[n];
    for (int k = 0; k < n; k++) {
      int at = places.get(k);
      flatIds[k] = id(file, "input_ids", ids[at], vocabulary);
      flatPositions[k] = positions == null ? at % t : position(file, positions[at]);
      if (labels != null && flatLabels != null) {
        boolean last = at % t == t - 1;
        flatLabels[k] =
            last || labels[at + 1] == NO_LABEL ? NO_LABEL : id(file, "labels", labels[at + 1], vocabulary);
      }
    }
    return new RectangularBatch(b, t, toInts(places), flatIds, flatPositions, toInts(starts), flatLabels);
  }

  /** Number of targets. */
  public int labelled() {
    return labels == null ? 0 : (int) Arrays.stream(labels).filter(l -> l != NO_LABEL).count();
  }

  private static int[] toInts(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int id(Path file, String tensor, long id, long vocabulary) {
    if (id < 0 || id >= vocabulary) {
      throw new ModelFormatException(
          file + ": " + tensor + " holds " + id + ", the model's vocabulary is 0.." + (vocabulary - 1) + ".");
    }
    return (int) id;
  }

  private static int position(Path file, long position) {
    if (position < 0 || position > Integer.MAX_VALUE) {
      throw new ModelFormatException(file + ": position_ids holds " + position + ", it must be >= 0.");
    }
    return (int) position;
  }

  private static long @Nullable [] optional(Path file, SafetensorsFile in, String name, TensorEntry like) {
    if (!in.contains(name)) {
      return null;
    }
    TensorEntry entry = in.entry(name);
    if (!Arrays.equals(entry.shape(), like.shape())) {
      throw new ModelFormatException(file + ": " + name + " has shape " + Arrays.toString(entry.shape())
          + ", input_ids has " + Arrays.toString(like.shape()) + "; they must be equal.");
    }
    return integers(file, in, name, entry);
  }

  private static long[] integers(Path file, SafetensorsFile in, String name, TensorEntry entry) {
    return switch (in.entry(name).dtype()) {
      case I64, I32, I16, I8, U8, BOOL -> entry.longs();
      default -> throw new ModelFormatException(file + ": " + name + " is " + entry.dtype() + ", int64 is needed.");
    };
  }
}
