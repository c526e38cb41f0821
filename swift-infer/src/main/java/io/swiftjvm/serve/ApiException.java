package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an OpenAI error object. The message is shown to the client: no paths, no keys. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String INVALID = "invalid_request_error";

  private final int status;
  private final String type;
  private final @Nullable String param;
  private final @Nullable String code;
  private final transient Map<String, String> headers;

  private ApiException(
      int status, String type, String message, @Nullable String param, @Nullable String code,
      Map<String, String> headers) {
    super(message, null, false, false);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
    this.headers = headers;
  }

  /** 400: a field has a value that it must not have. */
  static ApiException invalid(@Nullable String param, String message) {
    return new ApiException(400, INVALID, message, param, null, Map.of());
  }

  /** 400: a field of the API that this server does not have. */
  static ApiException unsupported(String param, String message) {
    return new ApiException(400, INVALID, message, param, "unsupported_parameter", Map.of());
  }

  /** 400: the prompt and the answer are longer than the model's context. */
  static ApiException tooLong(String param, String message) {
    return new ApiException(400, INVALID, message, param, "context_length_exceeded", Map.of());
  }

  /** 401; {@code browser} makes one ask its user for the key. */
  static ApiException unauthorized(boolean browser) {
    return new ApiException(401, "authentication_error", "The API key is missing or wrong. Send it as 'Authorization: "
        + "Bearer KEY'.", null, "invalid_api_key", Map.of("WWW-Authenticate",
            browser ? "Basic realm=\"API key as password\", charset=\"UTF-8\"" : "Bearer"));
  }

  static ApiException forbidden(String message) {
    return new ApiException(403, "permission_error", message, null, null, Map.of());
  }

  static ApiException notFound(String message) {
    return new ApiException(404, "not_found_error", message, null, "not_found", Map.of());
  }

  static ApiException unknownModel(String name) {
    return new ApiException(
        404, "not_found_error", "The model '" + Text.brief(name) + "' does not exist here. GET /v1/models lists those "
            + "that do.", "model", "model_not_found", Map.of());
  }

  static ApiException wrongMethod(String method, String allowed) {
    return new ApiException(405, INVALID, "The method " + Text.brief(method) + " is not allowed here; use " + allowed
        + ".", null, "method_not_allowed", Map.of("Allow", allowed));
  }

  /** 413, 415, 431: the request as such cannot be taken. */
  static ApiException refused(int status, String message) {
    return new ApiException(status, INVALID, message, null, null, Map.of());
  }

  /** 429: more than this key or this server may do now. */
  static ApiException tooMany(String message, long seconds) {
    return new ApiException(429, "rate_limit_error", message, null, "rate_limit_exceeded", retry(seconds));
  }

  /** 503: not now. */
  static ApiException unavailable(String message, long seconds) {
    return new ApiException(503, "server_error", message, null, "unavailable", retry(seconds));
  }

  /** 500 without any detail. */
  static ApiException bug() {
    return new ApiException(500, "server_error", "The server failed at this request.", null, "internal_error",
        Map.of());
  }

  private static Map<String, String> retry(long seconds) {
    return Map.of("Retry-After", String.valueOf(Math.max(1, seconds)));
  }

  String text() {
    return String.valueOf(getMessage());
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  /** {@code {"error": {...}}}. */
  ObjectNode body() {
    ObjectNode error = JsonNodeFactory.instance.objectNode();
    error.put("message", Text.whole(text())).put("type", type).put("param", param).put("code", code);
    return JsonNodeFactory.instance.objectNode().set("error", error);
  }
}
