package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.serve.ModelServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpClient client = HttpClient.newHttpClient();

  private JsonNode call(ModelServer server, String path, String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.url() + path));
    if (body != null) {
      request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    }
    return JSON.readTree(client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
  }

  private String ask(ModelServer server, String model) throws Exception {
    return call(server, "/v1/chat/completions", "{\"model\":\"" + model + "\",\"max_tokens\":24,\"messages\":"
        + "[{\"role\":\"user\",\"content\":\"Who are you?\"}]}").at("/choices/0/message/content").asText();
  }

  @Test
  void a_run_is_served_by_one_call_and_says_what_it_says_itself() throws Exception {
    try (Run run = Swift.model("swift-tiny").load(); ModelServer server = run.serve(s -> s.port(0))) {
      assertThat(server.port()).isPositive();
      assertThat(server.url()).isEqualTo("http://127.0.0.1:" + server.port());
      assertThat(server.models()).containsExactly("swift-tiny");
      assertThat(call(server, "/v1/chat/completions", "{\"model\":\"swift-tiny\",\"messages\":[{\"role\":\"user\","
          + "\"content\":\"Who are you?\"}]}").at("/choices/0/message/content").asText())
          .isEqualTo(run.chat("Who are you?").text());
    }
  }

  @Test
  void settings_of_the_plan_are_the_servers() throws Exception {
    try (ModelServer server = Swift.model("swift-tiny").sampling(p -> p.maxTokens(3)).with("system", "You are Bob.")
        .serve(s -> s.port(0))) {
      JsonNode answer = call(server, "/v1/chat/completions",
          "{\"model\":\"swift-tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Who are you?\"}]}");
      assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(3);
      int with = answer.at("/usage/prompt_tokens").asInt();
      assertThat(call(server, "/tokenize", "{\"messages\":[{\"role\":\"system\",\"content\":\"You are Bob.\"},"
          + "{\"role\":\"user\",\"content\":\"Who are you?\"}]}").path("count").asInt()).isEqualTo(with);
    }
  }

  @Test
  void a_server_ends_with_its_run_and_a_recipe_closes_both() throws Exception {
    ModelServer server;
    try (Run run = Swift.model("swift-tiny").load()) {
      server = run.serve(s -> s.port(0));
      assertThat(call(server, "/health", null).path("status").asText()).isEqualTo("ok");
    }
    assertThatThrownBy(() -> call(server, "/health", null)).isInstanceOf(IOException.class);
    server.close();
    assertThatThrownBy(() -> Swift.model("swift-tiny").serve(s -> s.host("0.0.0.0").port(0)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("key");
  }

  @Test
  void adapters_are_models_of_their_own_chosen_by_each_request(@TempDir Path folder) throws Exception {
    Path adapter;
    String tuned;
    try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(4).dropout(0)).with("output_dir", folder.toString())
        .with("model_name", List.of("Ada")).with("model_author", List.of("Lovelace")).with("max_steps", 40)
        .with("learning_rate", 5e-3).train("swift/self-cognition#60")) {
      adapter = run.checkpoint().orElseThrow();
      try (ModelServer server = run.serve(s -> s.port(0))) {
        tuned = ask(server, "swift-tiny");
      }
    }
    try (Run run = Swift.model("swift-tiny").load()) {
      String bare;
      try (ModelServer server = run.serve(s -> s.port(0).adapter("ada", adapter))) {
        assertThat(server.models()).containsExactly("swift-tiny", "ada");
        JsonNode cards = call(server, "/v1/models", null).path("data");
        assertThat(cards.path(1).path("parent").asText()).isEqualTo("swift-tiny");
        bare = ask(server, "swift-tiny");
        assertThat(ask(server, "ada")).isEqualTo(tuned).isNotEqualTo(bare);
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
          List<Future<String>> all = new ArrayList<>();
          for (int i = 0; i < 12; i++) {
            String model = i % 2 == 0 ? "swift-tiny" : "ada";
            all.add(clients.submit(() -> ask(server, model)));
          }
          for (int i = 0; i < 12; i++) {
            assertThat(all.get(i).get()).isEqualTo(i % 2 == 0 ? bare : tuned);
          }
        }
      }
      try (ModelServer again = run.serve(s -> s.port(0).adapter("ada", adapter))) {
        assertThat(ask(again, "ada")).isEqualTo(tuned);
      }
      assertThatThrownBy(() -> run.serve(s -> s.port(0).adapter("swift-tiny", adapter)))
          .isInstanceOf(InvalidPlanException.class);
      assertThatThrownBy(() -> run.serve(s -> s.port(0).adapter("x", folder.resolve("nothing"))))
          .isInstanceOf(SwiftException.class);
    }
  }
}
