package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.DimensionAwareEmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import io.swiftjvm.serve.LocalApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Vectors of texts by a model in this JVM, of length one, as LangChain4j's {@code EmbeddingModel}; see
 * {@code Run.embed}.
 *
 * {@snippet :
 * float[] vector = new SwiftEmbeddingModel(run.api()).embed("a text").content().vector();
 * }
 *
 * @since 0.1
 */
public final class SwiftEmbeddingModel extends DimensionAwareEmbeddingModel {
  private final LocalApi api;
  private final List<EmbeddingModelListener> listeners;

  /** The model behind {@code api}. */
  public SwiftEmbeddingModel(LocalApi api) {
    this(api, List.of());
  }

  private SwiftEmbeddingModel(LocalApi api, List<EmbeddingModelListener> listeners) {
    this.api = api;
    this.listeners = List.copyOf(listeners);
  }

  /** Sets who is told of requests and answers. Default: nobody. */
  public SwiftEmbeddingModel listeners(List<EmbeddingModelListener> value) {
    return new SwiftEmbeddingModel(api, value);
  }

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", request.modelName() == null ? modelName() : request.modelName());
    if (request.dimensions() != null) {
      body.put("dimensions", request.dimensions());
    }
    ArrayNode texts = body.putArray("input");
    for (EmbeddingInput input : request.inputs()) {
      if (input.text() == null) {
        throw new UnsupportedFeatureException("Vectors are made of text only, not of " + input.contentTypes() + ".");
      }
      texts.add(input.text());
    }
    JsonNode answer = Replies.post(api, "/v1/embeddings", body, LocalApi.Events.NONE);
    List<Embedding> embeddings = new ArrayList<>();
    for (JsonNode one : answer.path("data")) {
      JsonNode values = one.path("embedding");
      float[] vector = new float[values.size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = values.get(i).floatValue();
      }
      embeddings.add(Embedding.from(vector));
    }
    return EmbeddingResponse.builder().embeddings(embeddings).modelName(answer.path("model").asText())
        .tokenUsage(Replies.usage(answer.path("usage"))).build();
  }

  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.MODEL_NAME, EmbeddingRequestParameters.DIMENSIONS);
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }

  @Override
  public String modelName() {
    return api.models().getFirst();
  }
}
