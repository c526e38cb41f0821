package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.serve.TinyServer.Answer;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Keys, rates, places and addresses. */
@Timeout(60)
class AccessTest {
  private static final String TOKENIZE = "{\"prompt\":\"a\"}";

  private static HttpRequest.Builder tokenize(TinyServer tiny, String... headers) {
    HttpRequest.Builder request = tiny.request("/tokenize").header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(TOKENIZE));
    return headers.length == 0 ? request : request.headers(headers);
  }

  @Test
  void every_path_but_health_needs_a_key() {
    try (TinyServer tiny = new TinyServer(o -> o.apiKeys("first-key", "second-key"))) {
      assertThat(tiny.get("/health").status()).isEqualTo(200);
      for (String path : List.of("/v1/models", "/v1/models/swift-tiny", "/metrics", "/v1/chat/completions",
          "/v1/completions", "/v1/embeddings", "/v1/rerank", "/rerank", "/v2/rerank", "/v1/score", "/score",
          "/v1/responses", "/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/ping", "/tokenize", "/detokenize", "/nothing", "/", "/health/", "/HEALTH")) {
        for (String method : List.of("GET", "POST", "OPTIONS")) {
          Answer answer = tiny.send(tiny.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
          assertThat(answer.status()).as(method + " " + path).isEqualTo(401);
          assertThat(answer.json().at("/error/type").asText()).isEqualTo("authentication_error");
          assertThat(answer.json().at("/error/code").asText()).isEqualTo("invalid_api_key");
          assertThat(answer.header("www-authenticate")).startsWith(path.equals("/") ? "Basic" : "Bearer");
        }
      }
      for (String wrong : List.of("", "Bearer", "Bearer ", "Bearer first", "Bearer first-keyx", "Basic first-key",
          "first-key", "Bearer  ", "Bearer FIRST-KEY", "Bearer first-key second-key",
          "Basic Zmlyc3Qta2V5Og==", "Basic %%%", "Basic")) {
        Answer answer = tiny.send(tokenize(tiny, "Authorization", wrong));
        assertThat(answer.status()).as(wrong).isEqualTo(401);
        assertThat(answer.text()).doesNotContain("first-key");
      }
      for (String right : List.of("Bearer first-key", "bearer second-key", "BEARER first-key", "Bearer  first-key ",
          "Basic bWU6Zmlyc3Qta2V5")) {
        assertThat(tiny.send(tokenize(tiny, "Authorization", right)).status()).as(right).isEqualTo(200);
      }
      assertThat(tiny.send(tokenize(tiny, "Authorization", "Bearer first-key", "Authorization", "Bearer first-key"))
          .status()).isEqualTo(401);
    }
  }

  @Test
  void a_key_is_judged_before_the_body_is_looked_at() {
    try (TinyServer tiny = new TinyServer(o -> o.apiKeys("key"))) {
      String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n";
      assertThat(tiny.raw(head)).startsWith("HTTP/1.1 401");
    }
  }

  @Test
  void an_address_that_others_reach_needs_a_key() {
    for (String host : List.of("0.0.0.0", "::", "192.0.2.1")) {
      assertThatThrownBy(() -> new TinyServer(o -> o.host(host)).close())
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("API key");
    }
    try (TinyServer tiny = new TinyServer(o -> o.host("0.0.0.0").apiKeys("key"))) {
      assertThat(tiny.get("/health").status()).isEqualTo(200);
    }
    assertThatThrownBy(() -> new TinyServer(o -> o.host("no such host.")).close())
        .isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> ServeOptions.DEFAULT.apiKeys("")).isInstanceOf(InvalidPlanException.class);
    assertThat(ServeOptions.DEFAULT.apiKeys("secret-key").toString()).doesNotContain("secret-key");
  }

  @Test
  void a_port_that_is_taken_is_a_typed_refusal() {
    try (TinyServer tiny = new TinyServer()) {
      int port = tiny.server.port();
      assertThatThrownBy(() -> ModelServer.start(tiny.served, ServeOptions.DEFAULT.port(port)))
          .isInstanceOf(SwiftException.class).hasMessageContaining(String.valueOf(port));
      assertThat(tiny.alive()).isTrue();
    }
  }

  @Test
  void requests_over_the_rate_of_a_key_are_told_when_to_come_again() {
    try (TinyServer tiny = new TinyServer(o -> o.apiKeys("a", "b").rates(r -> r.requestsPerMinute(3)))) {
      for (int i = 0; i < 3; i++) {
        Answer answer = tiny.send(tokenize(tiny, "Authorization", "Bearer a"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("x-ratelimit-limit-requests")).isEqualTo("3");
        assertThat(answer.header("x-ratelimit-remaining-requests")).isEqualTo(String.valueOf(2 - i));
      }
      Answer over = tiny.send(tokenize(tiny, "Authorization", "Bearer a"));
      assertThat(over.status()).isEqualTo(429);
      assertThat(over.json().at("/error/type").asText()).isEqualTo("rate_limit_error");
      assertThat(Integer.parseInt(over.header("retry-after"))).isBetween(1, 20);
      assertThat(tiny.send(tokenize(tiny, "Authorization", "Bearer b")).status()).isEqualTo(200);
      assertThat(tiny.send(tiny.request("/v1/models").header("Authorization", "Bearer a")).status()).isEqualTo(200);
    }
  }

  @Test
  void tokens_over_the_rate_of_a_key_are_a_debt() {
    try (TinyServer tiny = new TinyServer(o -> o.rates(r -> r.tokensPerMinute(40)))) {
      assertThat(tiny.chat(",'max_tokens':30,'ignore_eos':true").status()).isEqualTo(200);
      Answer over = tiny.chat(",'max_tokens':30");
      assertThat(over.status()).isEqualTo(429);
      assertThat(over.json().at("/error/message").asText()).contains("40 tokens");
      assertThat(tiny.post("/tokenize", "{'prompt':'a'}").status()).isEqualTo(200);
    }
  }

  @Test
  void a_full_queue_refuses_and_a_free_one_takes_again() throws Exception {
    try (TinyServer tiny = new TinyServer(o -> o.engine(e -> e.maxSequences(1)).rates(r -> r.queue(1)))) {
      Gate gate = tiny.gate();
      gate.shut();
      List<Thread> clients = new java.util.ArrayList<>();
      List<Integer> statuses = new java.util.concurrent.CopyOnWriteArrayList<>();
      for (int i = 0; i < 8; i++) {
        clients.add(Thread.startVirtualThread(
            () -> statuses.add(tiny.chat(",'max_tokens':20,'ignore_eos':true").status())));
      }
      TinyServer.until(() -> statuses.size() == 6);
      assertThat(statuses).as("one runs and one waits").containsOnly(429);
      gate.open();
      for (Thread client : clients) {
        client.join();
      }
      assertThat(statuses.subList(6, 8)).containsExactly(200, 200);
      assertThat(tiny.alive()).isTrue();
    }
  }

  @Test
  void a_key_has_so_many_requests_at_once() throws Exception {
    try (TinyServer tiny = new TinyServer(o -> o.rates(r -> r.concurrent(1)))) {
      Gate gate = tiny.gate();
      gate.shut();
      Thread first = Thread.startVirtualThread(() -> tiny.chat(",'max_tokens':9"));
      TinyServer.until(() -> tiny.running() == 1);
      Answer second = tiny.chat("");
      assertThat(second.status()).isEqualTo(429);
      assertThat(second.header("retry-after")).isNotEmpty();
      gate.open();
      first.join();
      assertThat(tiny.alive()).isTrue();
    }
  }

  @Test
  void settings_of_the_server_bound_those_of_requests() {
    try (TinyServer tiny = new TinyServer(o -> o.name("mine").maxModelLength(64).sizes(s -> s.logprobs(2).choices(3))
        .sampling(o.sampling().maxTokens(4)))) {
      String ask = "{'model':'mine','messages':[{'role':'user','content':'What is LoRA?'}]";
      assertThat(tiny.server.models()).containsExactly("mine");
      assertThat(tiny.get("/v1/models").json().at("/data/0/max_model_len").asInt()).isEqualTo(64);
      assertThat(tiny.post("/v1/chat/completions", ask + "}").json().at("/usage/completion_tokens").asInt())
          .isEqualTo(4);
      assertThat(tiny.post("/v1/chat/completions", ask + ",'max_tokens':6}").json()
          .at("/usage/completion_tokens").asInt()).isEqualTo(6);
      assertThat(tiny.post("/v1/chat/completions", ask + ",'max_tokens':60}").json().at("/error/code").asText())
          .isEqualTo("context_length_exceeded");
      assertThat(tiny.post("/v1/chat/completions", ask + ",'logprobs':true,'top_logprobs':3}").status()).isEqualTo(400);
      assertThat(tiny.post("/v1/chat/completions", ask + ",'n':4}").status()).isEqualTo(400);
      assertThat(tiny.chat("").status()).isEqualTo(404);
    }
    assertThatThrownBy(() -> new TinyServer(o -> o.maxModelLength(4096)).close())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("1024");
  }

  @Test
  void a_bucket_fills_with_time_and_keeps_a_debt() {
    long[] now = {0};
    TokenBucket bucket = new TokenBucket(60, () -> now[0]);
    bucket.spend(100);
    assertThat(bucket.secondsUntil(1)).isEqualTo(41);
    now[0] += 41_000_000_000L;
    assertThat(bucket.secondsUntil(1)).isZero();
    assertThat(bucket.secondsUntil(1000)).as("more than there can be counts as all there can be").isEqualTo(59);
    now[0] += 600_000_000_000L;
    assertThat(bucket.level()).isEqualTo(60);
  }
}
