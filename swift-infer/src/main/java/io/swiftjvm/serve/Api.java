package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The protocol: who may come in, which path is whose, and how errors look. The same over every HTTP server. */
final class Api {
  private static final String MODEL = "/v1/models/";
  /** POST to it has no body: monitors of ms-swift ask so. */
  private static final String PING = "/ping";
  private static final Set<String> ELSEWHERE = Set.of("/v1/moderations", "/infer/", "/pooling", "/classify",
      "/v1/images/generations", "/v1/audio/transcriptions", "/v1/audio/speech", "/v1/files", "/v1/batches");

  private final Service service;
  private final ApiKeys keys;
  private final Admission admission;
  /** Requests that make nothing count against no limit. */
  private final Admission free;
  private final Bodies bodies;
  private final InFlight inFlight;
  private final LocalHosts hosts;
  private final Map<String, Map<String, Endpoint>> routes = new LinkedHashMap<>();

  Api(Service service, InFlight inFlight) {
    ServeOptions options = service.options();
    this.service = service;
    this.inFlight = inFlight;
    this.keys = new ApiKeys(options.apiKeys(), options.adapters().adminKey());
    this.admission = new Admission(options.rates(), keys.count(), System::nanoTime);
    this.free = new Admission(RateLimits.DEFAULT, keys.count(), System::nanoTime);
    this.bodies = new Bodies(options.sizes());
    this.hosts = new LocalHosts(options.host());
    TokenizeEndpoints tokenize = new TokenizeEndpoints(service);
    routes.put("/v1/models", Map.of("GET", this::models));
    routes.put(MODEL, Map.of("GET", this::model));
    routes.put("/metrics", Map.of("GET", call -> call.text("text/plain; version=0.0.4", service.metrics().text())));
    routes.put("/v1/chat/completions", Map.of("POST", new ChatEndpoint(service)));
    routes.put("/v1/completions", Map.of("POST", new CompletionsEndpoint(service)));
    routes.put("/v1/responses", Map.of("POST", new ResponsesEndpoint(service)));
    routes.put("/v1/embeddings", Map.of("POST", new EmbeddingsEndpoint(service)));
    RelevanceEndpoints relevance = new RelevanceEndpoints(service);
    for (String version : new String[] {"", "/v1", "/v2"}) {
      routes.put(version + "/rerank", Map.of("POST", relevance::rerank));
    }
    for (String version : new String[] {"", "/v1"}) {
      routes.put(version + "/score", Map.of("POST", relevance::score));
    }
    Json json = service.json();
    routes.put("/v1/load_lora_adapter", Map.of("POST", call -> service.adapters().load(call, json)));
    routes.put("/v1/unload_lora_adapter", Map.of("POST", call -> service.adapters().unload(call, json)));
    new Page().routes().forEach((path, file) -> routes.put(path, Map.of("GET", file)));
    routes.put(PING, Map.of("GET", this::ping, "POST", this::ping));
    routes.put("/tokenize", Map.of("POST", tokenize::tokenize));
    routes.put("/detokenize", Map.of("POST", tokenize::detokenize));
  }

  /** All paths but {@code /health}. */
  Set<String> paths() {
    return routes.keySet();
  }

  /** Answers one request, whatever it is. */
  void answer(Exchange exchange) {
    boolean[] admitted = {false};
    inFlight.arrive();
    try {
      try {
        dispatch(exchange, admitted);
      } catch (ApiException e) {
        reply(exchange, e);
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        service.options().failures().accept(e);
        reply(exchange, ApiException.bug());
      }
    } catch (IOException e) {
      // the client is gone: there is nobody to tell
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      // only now: an error is answered too before the server may end
      inFlight.leave(admitted[0]);
    }
  }

  private void dispatch(Exchange exchange, boolean[] admitted) throws IOException, InterruptedException {
    checkHeaders(exchange);
    if (exchange.path().equals("/health")) {
      health(exchange);
      return;
    }
    int key = keys.check(exchange);
    if (!keys.any()) {
      hosts.check(exchange);
    }
    boolean model = exchange.path().startsWith(MODEL);
    String path = model ? MODEL : exchange.path();
    Endpoint endpoint = route(exchange.method(), path);
    boolean reads = exchange.method().equals("POST") && !path.equals(PING);
    inFlight.admit();
    admitted[0] = true;
    try (Admission.Pass pass = (reads ? admission : free).enter(key)) {
      ObjectNode body = reads ? bodies.read(exchange, service.json()::object) : JsonNodeFactory.instance.objectNode();
      try (ModelNames.Lease _ = service.names().lease(body.path("model").asText())) {
        endpoint.answer(new Call(exchange, new Fields(body),
            model ? exchange.path().substring(MODEL.length()) : "", pass, keys.admin(key)));
      }
    }
  }

  private void checkHeaders(Exchange exchange) {
    Exchange.HeaderSize size = exchange.headerSize();
    SizeLimits limits = service.options().sizes();
    if (size.count() > limits.headers() || size.bytes() > limits.headerBytes()) {
      throw ApiException.refused(431, "The request has more than " + limits.headers() + " headers or "
          + limits.headerBytes() + " bytes of them.");
    }
  }

  private Endpoint route(String method, String path) {
    Map<String, Endpoint> methods = routes.get(path);
    if (methods == null) {
      throw ApiException.notFound(ELSEWHERE.contains(path) ? "This server does not support " + path + "."
          : "There is no path " + Text.brief(path) + " here.");
    }
    Endpoint endpoint = methods.get(method);
    if (endpoint == null) {
      throw ApiException.wrongMethod(method, String.join(", ", new TreeSet<>(methods.keySet())));
    }
    return endpoint;
  }

  private void health(Exchange exchange) throws IOException {
    if (!exchange.method().equals("GET")) {
      throw ApiException.wrongMethod(exchange.method(), "GET");
    }
    if (inFlight.draining()) {
      throw ApiException.unavailable("The server is shutting down.", 1);
    }
    exchange.send(200, json(), service.json().bytes(JsonNodeFactory.instance.objectNode().put("status", "ok")));
  }

  private void ping(Call call) throws IOException {
    call.json(service.json().bytes(JsonNodeFactory.instance.objectNode()));
  }

  private void models(Call call) throws IOException {
    ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
    service.names().cards().forEach(list.putArray("data")::add);
    call.json(service.json().bytes(list));
  }

  private void model(Call call) throws IOException {
    call.json(service.json().bytes(service.names().card(call.path())));
  }

  private void reply(Exchange exchange, ApiException error) throws IOException {
    Map<String, String> headers = json();
    headers.putAll(error.headers());
    exchange.send(error.status(), headers, service.json().bytes(error.body()));
  }

  private static Map<String, String> json() {
    return new TreeMap<>(Map.of("Content-Type", "application/json"));
  }
}
