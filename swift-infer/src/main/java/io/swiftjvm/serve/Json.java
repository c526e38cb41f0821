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
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
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
    checkEncoding(body);
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

  /** The parser takes some sequences of bytes that are no UTF-8. */
  private static void checkEncoding(byte[] body) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(body);
    CharBuffer out = CharBuffer.allocate(1 << 13);
    CoderResult result;
    do {
      result = decoder.decode(in, out.clear(), true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw ApiException.invalid(null, "The body is not valid JSON in UTF-8.");
    }
  }

  /** A part of a body, unless it holds a number that no double does: such a one is infinite by now. */
  static JsonNode finite(JsonNode node) {
    if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
      throw ApiException.invalid(null, "A number in the body is larger than a double can be.");
    }
    node.forEach(Json::finite);
    return node;
  }

  /** An object as maps, lists, strings, numbers and booleans, as templates take it. */
  Map<String, Object> plain(JsonNode node) {
    return mapper.convertValue(finite(node), new TypeReference<Map<String, Object>>() {});
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
