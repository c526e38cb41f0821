package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** {@code best_of}: of the answers to a prompt those with the highest mean log-probability of a token are shown. */
final class BestOf implements View {
  private final int best;
  private final int shown;
  private final boolean logprobs;

  /**
   * Of every {@code best} answers {@code shown} are kept.
   *
   * @param logprobs whether the client asked for what they are chosen by
   */
  BestOf(int best, int shown, boolean logprobs) {
    this.best = best;
    this.shown = shown;
    this.logprobs = logprobs;
  }

  @Override
  public ObjectNode whole(ObjectNode completion) {
    JsonNode all = completion.path("choices");
    ArrayNode kept = completion.arrayNode();
    for (int from = 0; from < all.size(); from += best) {
      List<JsonNode> group = new ArrayList<>();
      for (int i = from; i < from + best; i++) {
        group.add(all.get(i));
      }
      group.sort(Comparator.comparingDouble(choice -> -mean(choice)));
      for (JsonNode choice : group.subList(0, shown)) {
        ObjectNode own = ((ObjectNode) choice).put("index", kept.size());
        kept.add(logprobs ? own : own.putNull("logprobs"));
      }
    }
    return completion.set("choices", kept);
  }

  private static double mean(JsonNode choice) {
    JsonNode values = choice.at("/logprobs/token_logprobs");
    double sum = 0;
    for (JsonNode value : values) {
      sum += value.asDouble();
    }
    return values.isEmpty() ? 0 : sum / values.size();
  }
}
