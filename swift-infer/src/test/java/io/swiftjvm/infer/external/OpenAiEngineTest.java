package io.swiftjvm.infer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.Usage;
import io.swiftjvm.infer.external.EngineException.Reason;
import io.swiftjvm.infer.grammar.Grammar;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class OpenAiEngineTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODELS = "{\"object\":\"list\",\"data\":[{\"id\":\"base\"},{\"id\":\"a\"}]}";

  private final List<JsonNode> seen = new ArrayList<>();
  private final CountDownLatch gone = new CountDownLatch(1);
  private HttpServer server;
  private int status = 200;
  private String answer = "";
  private boolean endless;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/models", exchange -> send(exchange, 200, MODELS));
    server.createContext("/v1/chat/completions", exchange -> {
      seen.add(JSON.readTree(exchange.getRequestBody().readAllBytes()));
      if (endless) {
        stream(exchange);
      } else {
        send(exchange, status, answer);
      }
    });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      for (byte b : bytes) { // in the smallest pieces that there are
        out.write(b);
      }
    }
  }

  private void stream(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      for (int i = 0; i < 2000; i++) {
        out.write((event("\"content\":\"x\"", null) + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
        Thread.sleep(5);
      }
    } catch (IOException e) {
      gone.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String event(String delta, String finish) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{" + delta + "},\"finish_reason\":"
        + (finish == null ? "null" : "\"" + finish + "\"") + "}]}";
  }

  private OpenAiEngine engine(EngineKind kind) {
    return engine(kind, Duration.ofSeconds(20));
  }

  private OpenAiEngine engine(EngineKind kind, Duration silence) {
    return OpenAiEngine.connect(kind, URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1/"),
        EngineAccess.DEFAULT.key("secret").system("Be brief.").timeouts(Duration.ofSeconds(20), silence));
  }

  @Test
  void a_stream_becomes_a_reply_piece_by_piece() {
    answer = String.join("\n\n", ": a comment", event("\"role\":\"assistant\",\"content\":\"\"", null),
        event("\"content\":\"Gr\u00fc\u00df \"", null), event("\"content\":\"\ud83d\ude00\"", "length"),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}", "data: [DONE]", "");
    List<String> pieces = new ArrayList<>();
    try (OpenAiEngine engine = engine(EngineKind.VLLM)) {
      assertThat(engine.models()).containsExactly("base", "a");
      Reply reply = engine.chat(ChatRequest.of("hi").model("a").sampling(SamplingParams.DEFAULT.temperature(0.0).topK(0)
          .minP(0.1).stop(List.of("x")).maxTokens(5).seed(4L)), pieces::add);
      assertThat(reply).isEqualTo(new Reply("Gr\u00fc\u00df \ud83d\ude00", FinishReason.LENGTH, new Usage(7, 3)));
      assertThat(pieces).containsExactly("Gr\u00fc\u00df ", "\ud83d\ude00");
    }
    JsonNode sent = seen.getFirst();
    assertThat(sent.toString()).isEqualTo("{\"model\":\"a\",\"stream\":true,\"messages\":" + sent.get("messages")
        + ",\"stream_options\":{\"include_usage\":true},\"max_tokens\":5,\"temperature\":0.0,\"seed\":4,\"stop\":[\"x\"],"
        + "\"top_k\":-1,\"min_p\":0.1}");
    assertThat(sent.at("/messages/0/content").asText()).isEqualTo("Be brief.");
    assertThat(sent.at("/messages/1/content").asText()).isEqualTo("hi");
  }

  @Test
  void the_form_of_an_answer_is_asked_for_in_the_engines_own_way() {
    answer = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"7\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    ChatRequest hi = ChatRequest.of("hi");
    try (OpenAiEngine vllm = engine(EngineKind.VLLM); OpenAiEngine other = engine(EngineKind.OPENAI)) {
      vllm.chat(hi.grammar(Grammar.regex("[0-9]")), piece -> {});
      assertThat(seen.getLast().at("/structured_outputs/regex").asText()).isEqualTo("[0-9]");
      vllm.chat(hi.grammar(Grammar.choice(List.of("7", "8"))), piece -> {});
      assertThat(seen.getLast().at("/structured_outputs/choice")).hasSize(2);
      other.chat(hi.grammar(Grammar.json("{\"type\":\"integer\"}")), piece -> {});
      assertThat(seen.getLast().at("/response_format/json_schema/schema/type").asText()).isEqualTo("integer");
      assertThatThrownBy(() -> other.chat(hi.grammar(Grammar.regex("[0-9]")), piece -> {}))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("JSON schema");
      assertThatThrownBy(() -> vllm.chat(hi.grammar(Grammar.until("x")), piece -> {}))
          .isInstanceOf(InvalidPlanException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"401, UNAUTHORIZED", "403, UNAUTHORIZED", "404, NOT_FOUND", "429, OVERLOADED", "503, OVERLOADED",
      "400, REFUSED", "422, REFUSED", "500, FAILED", "302, FAILED"})
  void statuses_become_typed_errors(int code, Reason reason) {
    status = code;
    answer = "{\"error\":{\"message\":\"because\",\"type\":\"t\"}}";
    try (OpenAiEngine engine = engine(EngineKind.SGLANG)) {
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOfSatisfying(EngineException.class, e -> {
        assertThat(e.reason()).isEqualTo(reason);
        assertThat(e.status()).isEqualTo(code);
        assertThat(e).hasMessageContaining("because").hasMessageNotContaining("secret");
      });
    }
  }

  @Test
  void streams_that_break_off_are_errors() {
    try (OpenAiEngine engine = engine(EngineKind.LMDEPLOY)) {
      for (String broken : List.of(event("\"content\":\"x\"", null) + "\n\n", "data: {nonsense\n\n", "data: [DONE]\n\n")) {
        answer = broken;
        assertThatThrownBy(() -> engine.chat("hi")).isInstanceOfSatisfying(EngineException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PROTOCOL));
      }
      answer = event("\"content\":\"x\"", null) + "\n\ndata: {\"error\":{\"message\":\"out of memory\"}}\n\n";
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOfSatisfying(EngineException.class,
          e -> assertThat(e.reason()).isEqualTo(Reason.FAILED)).hasMessageContaining("out of memory");
    }
  }

  @Test
  void an_interrupt_and_an_exception_of_the_listener_end_the_connection() throws Exception {
    endless = true;
    try (OpenAiEngine engine = engine(EngineKind.VLLM)) {
      List<String> pieces = new ArrayList<>();
      Reply reply = engine.chat("hi", piece -> {
        pieces.add(piece);
        if (pieces.size() == 3) {
          Thread.currentThread().interrupt();
        }
      });
      assertThat(Thread.interrupted()).isTrue();
      assertThat(reply.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(reply.text()).isEqualTo(String.join("", pieces)).hasSizeGreaterThanOrEqualTo(3);
      assertThat(gone.await(10, TimeUnit.SECONDS)).as("the server knows").isTrue();
      assertThatThrownBy(() -> engine.chat("hi", piece -> {
        throw new IllegalArgumentException("mine");
      })).hasMessage("mine");
    }
  }

  @Test
  void what_an_engine_does_not_have_is_refused_before_anything_is_sent() {
    try (OpenAiEngine engine = engine(EngineKind.OPENAI)) {
      assertThatThrownBy(() -> engine.chat(ChatRequest.of("hi").model("b"), p -> {}))
          .isInstanceOf(InvalidPlanException.class).hasMessageContainingAll("'b'", "base");
      for (SamplingParams p : List.of(SamplingParams.DEFAULT.topK(3), SamplingParams.DEFAULT.ignoreEos(true),
          SamplingParams.DEFAULT.logprobs(1))) {
        assertThatThrownBy(() -> engine.chat(ChatRequest.of("hi").sampling(p), x -> {}))
            .isInstanceOf(InvalidPlanException.class);
      }
      assertThat(seen).isEmpty();
      engine.close();
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(() -> EngineKind.of("tgi")).isInstanceOf(InvalidPlanException.class).hasMessageContaining("vllm");
    assertThatThrownBy(() -> OpenAiEngine.connect(EngineKind.VLLM, URI.create("file:///etc"), EngineAccess.DEFAULT))
        .isInstanceOf(InvalidPlanException.class);
    assertThat(EngineAccess.DEFAULT.key("secret").toString()).doesNotContain("secret");
  }

  @Test
  void nobody_there_and_silence_are_told_apart() throws IOException {
    server.removeContext("/v1/chat/completions");
    CountDownLatch end = new CountDownLatch(1);
    server.createContext("/v1/chat/completions", exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().flush();
      try {
        end.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
    });
    try (OpenAiEngine engine = engine(EngineKind.VLLM, Duration.ofMillis(300))) {
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOfSatisfying(EngineException.class,
          e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
      end.countDown();
      server.stop(0);
      assertThatThrownBy(() -> engine.chat("hi")).isInstanceOfSatisfying(EngineException.class,
          e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE));
    }
  }
}
