package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.scoring.ScoringModel;
import io.swiftjvm.serve.LocalApi;
import java.util.ArrayList;
import java.util.List;

/**
 * How relevant texts are for a query, by a model in this JVM: the output of a reranker with one label, 0 .. 1, else the
 * cosine of the vectors, -1 .. 1.
 *
 * {@snippet :
 * double score = new SwiftScoringModel(run.api()).score("a text", "a query").content();
 * }
 *
 * @since 0.1
 */
public final class SwiftScoringModel implements ScoringModel {
  private final LocalApi api;

  /** The model behind {@code api}. */
  public SwiftScoringModel(LocalApi api) {
    this.api = api;
  }

  @Override
  public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
    ObjectNode body =
        JsonNodeFactory.instance.objectNode().put("model", api.models().getFirst()).put("text_1", query);
    ArrayNode texts = body.putArray("text_2");
    segments.forEach(segment -> texts.add(segment.text()));
    JsonNode answer = Replies.post(api, "/v1/score", body, LocalApi.Events.NONE);
    List<Double> scores = new ArrayList<>();
    answer.path("data").forEach(one -> scores.add(one.path("score").asDouble()));
    return Response.from(scores, Replies.usage(answer.path("usage")));
  }
}
