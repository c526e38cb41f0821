package io.swiftjvm.data.template;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One round: what is asked and what is answered.
 *
 * @param query the user's text
 * @param verbatim the query is the whole prompt of the round already (tool responses)
 * @param answer parts of the answer in order; null = not answered
 */
record Turn(String query, boolean verbatim, @Nullable List<Said> answer) {
  /**
   * A part of an answer.
   *
   * @param text its text, null for ids
   * @param ids its ids
   * @param idWeights a weight for each id, or null
   * @param loss explicit wish to train it or not
   * @param weight explicit weight
   */
  record Said(
      @Nullable String text, List<Integer> ids, @Nullable List<Double> idWeights, @Nullable Boolean loss,
      @Nullable Double weight) {
    /** The same with its text changed, if it is one. */
    Said map(UnaryOperator<String> change) {
      return text == null ? this : new Said(change.apply(text), ids, idWeights, loss, weight);
    }
  }
}
