package io.swiftjvm.infer.external;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.external.EngineException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server of the OpenAI API: vLLM, SGLang, LMDeploy, another {@code swift deploy}. Answers are streamed.
 *
 * {@snippet :
 * try (var engine = OpenAiEngine.connect(EngineKind.VLLM, URI.create("http://127.0.0.1:8000"), EngineAccess.DEFAULT)) {
 *   engine.chat("hi", piece -> show(piece));
 * }
 * }
 */
public final class OpenAiEngine implements ChatEngine {
  private static final int ERROR_BYTES = 64 << 10;

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http;
  private final EngineKind kind;
  private final URI base;
  private final EngineAccess access;
  private final List<String> models;
  private volatile boolean closed;

  private OpenAiEngine(EngineKind kind, URI base, EngineAccess access) {
    this.kind = kind;
    this.base = base;
    this.access = access;
    this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(access.connectTimeout())
        .followRedirects(HttpClient.Redirect.NEVER).build();
    this.models = readModels();
  }

  /**
   * Asks a server for its models.
   *
   * @param url its address, with or without {@code /v1}
   * @throws InvalidPlanException if the address is none of HTTP
   * @throws EngineException if nobody answers there as the OpenAI API says
   */
  public static OpenAiEngine connect(EngineKind kind, URI url, EngineAccess access) {
    String text = url.toString().replaceAll("/+$", "").replaceAll("/v1$", "");
    if (!List.of("http", "https").contains(String.valueOf(url.getScheme())) || url.getHost() == null) {
      throw new InvalidPlanException("The engine's address is '" + url + "'. Use one like http://127.0.0.1:8000.");
    }
    return new OpenAiEngine(kind, URI.create(text), access);
  }

  private List<String> readModels() {
    HttpResponse<InputStream> response = send(request("/v1/models").GET().timeout(access.idleTimeout()).build());
    List<String> names = new ArrayList<>();
    try (InputStream body = response.body()) {
      JsonNode list = json.readTree(body.readNBytes(1 << 20)).path("data");
      list.forEach(model -> names.add(model.path("id").asText()));
    } catch (IOException e) {
      throw new EngineException(Reason.PROTOCOL, base + "/v1/models is no list of models: " + e.getMessage(), e);
    }
    if (names.isEmpty()) {
      throw new EngineException(Reason.PROTOCOL, 200, base + "/v1/models names no model.");
    }
    return List.copyOf(names);
  }

  @Override
  public List<String> models() {
    return models;
  }

  @Override
  public Reply chat(ChatRequest given, Consumer<String> listener) {
    if (closed) {
      throw new IllegalStateException("the engine at " + base + " is closed");
    }
    ChatRequest request = given.system(access.system());
    String model = request.model() == null ? access.model() == null ? models.getFirst() : access.model() : request.model();
    if (!models.contains(model)) {
      throw new InvalidPlanException("The engine at " + base + " has no model '" + model + "'. It has " + models + ".");
    }
    SamplingParams sampling = request.sampling() == null ? access.sampling() : request.sampling();
    HttpResponse<InputStream> response;
    try {
      byte[] body = json.writeValueAsBytes(ChatBody.of(json, kind, request, sampling, model));
      response = send(request("/v1/chat/completions").header("Content-Type", "application/json")
          .header("Accept", "text/event-stream").timeout(access.idleTimeout())
          .POST(HttpRequest.BodyPublishers.ofByteArray(body)).build());
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException("The messages are no JSON: " + e.getOriginalMessage(), e);
    }
    try (EventStream events = new EventStream(response.body(), access.idleTimeout())) {
      return new ChatStream(json, base.toString(), listener).read(events);
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(base + path));
    String key = access.key();
    return key == null ? builder : builder.header("Authorization", "Bearer " + key);
  }

  /** The response if its status is 200. */
  private HttpResponse<InputStream> send(HttpRequest request) {
    HttpResponse<InputStream> response;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (HttpTimeoutException e) {
      throw new EngineException(Reason.TIMEOUT, request.uri() + " did not answer within " + access.idleTimeout()
          + ". Is the model still loading?", e);
    } catch (IOException e) {
      throw new EngineException(Reason.UNREACHABLE, "Nobody answers at " + request.uri() + " (" + e
          + "). Is the server running, and is this its address?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(Reason.UNREACHABLE, "The request to " + request.uri() + " was interrupted.", e);
    }
    if (response.statusCode() == 200) {
      return response;
    }
    throw new EngineException(EngineException.of(response.statusCode()), response.statusCode(), request.uri()
        + " answered " + response.statusCode() + ": " + said(response.body()));
  }

  /** The message of an error body; the other parts of it may have what was sent. */
  private String said(InputStream in) {
    try (in) {
      String text = new String(in.readNBytes(ERROR_BYTES), StandardCharsets.UTF_8);
      String message = message(text);
      return message == null ? text.strip() : message;
    } catch (IOException e) {
      return "(no body)";
    }
  }

  private @Nullable String message(String text) {
    try {
      JsonNode node = json.readTree(text);
      JsonNode message = node.path("error").isTextual() ? node.path("error") : node.path("error").path("message");
      JsonNode plain = message.isTextual() ? message : node.path("message");
      return plain.isTextual() ? plain.asText() : null;
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /** Lets the connections go; the server stays. */
  @Override
  public void close() {
    closed = true;
    http.shutdownNow();
  }

  @Override
  public String toString() {
    return kind + " at " + base + ", " + models;
  }
}
