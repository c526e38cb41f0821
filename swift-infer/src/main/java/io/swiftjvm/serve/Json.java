package io.swiftjvm.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** JSON of requests and responses: strict, bounded, plain data only. */
final class Json {
  /** A body of brackets alone takes many times its bytes as a tree. */
  private static final long TOKENS = 1_000_000;

  private final JsonMapper mapper;

  Json(SizeLimits limits) {
    StreamReadConstraints bounds = StreamReadConstraints.builder()
        .maxNestingDepth(limits.jsonDepth()).maxStringLength(limits.bodyBytes()).maxNameLength(1_000)
        .maxTokenCount(TOKENS).build();
    JsonFactory factory = JsonFactory.builder().streamReadConstraints(bounds)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    mapper = JsonMapper.builder(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  }

  /** The object that a body holds. */
  ObjectNode object(byte[] body) {
    JsonNode node;
    try {
      node = mapper.readTree(body);
    } catch (JsonProcessingException e) {
      throw ApiException.invalid(null, "The body is not valid JSON: " + Text.brief(e.getOriginalMessage()));
    } catch (IOException e) {
      throw ApiException.invalid(null, "The body is not valid JSON in UTF-8.");
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw ApiException.invalid(null, "The body must be a JSON object.");
  }

  /** An object as maps, lists, strings, numbers and booleans, as templates take it. */
  Map<String, Object> plain(JsonNode node) {
    return mapper.convertValue(node, new TypeReference<Map<String, Object>>() {});
  }

  /** A JSON text as plain data, or the text itself where it is none. */
  Object plainOrText(String text) {
    try {
      return plain(object(text.getBytes(StandardCharsets.UTF_8)));
    } catch (ApiException e) {
      return text;
    }
  }

  byte[] bytes(JsonNode node) {
    try {
      return mapper.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
