package io.swiftjvm.data.template;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a row with one loss weight: text that is tokenised on its own, or ids.
 *
 * @param text the text, or null
 * @param ids the ids where there is no text
 * @param weight 0 = not trained
 */
public record Piece(@Nullable String text, List<Integer> ids, double weight) {
  static Piece of(String text, double weight) {
    return new Piece(text, List.of(), weight);
  }

  static Piece of(List<Integer> ids, double weight) {
    return new Piece(null, ids, weight);
  }

  static Piece of(int id, double weight) {
    return new Piece(null, Arrays.asList(id), weight);
  }
}
