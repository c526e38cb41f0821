package io.swiftjvm.hub.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** JSON that a hub sends: capped in size, read as a tree, retried when it is cut or malformed. */
final class JsonAnswers {
  private static final int MAX_BYTES = 32 << 20;
  private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private final HubHttp http;
  private final Retry retry;

  JsonAnswers(HubHttp http, Retry retry) {
    this.http = http;
    this.retry = retry;
  }

  HubHttp http() {
    return http;
  }

  Retry retry() {
    return retry;
  }

  /** A body and the address of the page after it. */
  record Page(JsonNode body, Optional<String> link) {}

  Page get(URI uri) throws IOException, InterruptedException {
    return retry.call(uri.getPath(), () -> {
      try (HubResponse response = http.get(uri, Map.of())) {
        return new Page(parse(bytes(response)), response.header("Link"));
      }
    });
  }

  private static JsonNode parse(byte[] bytes) throws IOException {
    try {
      JsonNode tree = MAPPER.readTree(bytes);
      if (tree == null || !tree.isContainerNode()) {
        throw new RetryableException("the answer is no JSON object or list", Duration.ZERO);
      }
      return tree;
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new RetryableException("the answer is not JSON: " + Shown.of(e.getOriginalMessage()), Duration.ZERO);
    }
  }

  private static byte[] bytes(HubResponse response) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    for (int read = response.read(buffer); read >= 0; read = response.read(buffer)) {
      out.write(buffer, 0, read);
      if (out.size() > MAX_BYTES) {
        throw RemotePaths.refused("it is over " + MAX_BYTES + " bytes long");
      }
    }
    return out.toByteArray();
  }

  /** The string under {@code key}, or null. */
  static @Nullable String text(JsonNode node, String key) {
    JsonNode value = node.get(key);
    return value != null && value.isTextual() ? value.textValue() : null;
  }

  /** The string under {@code key} when it is {@code digits} hex digits, in lower case; else null. */
  static @Nullable String hex(JsonNode node, String key, int digits) {
    return Digests.hex(text(node, key), digits);
  }

  /** The whole number under {@code key}; -1 when there is none. */
  static long number(JsonNode node, String key) {
    JsonNode value = node.get(key);
    return value != null && value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : -1;
  }
}
