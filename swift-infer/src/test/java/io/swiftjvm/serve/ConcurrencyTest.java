package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.serve.TinyServer.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class ConcurrencyTest {
  private static final List<String> QUESTIONS = List.of("What is LoRA?", "Hi", "Say a a a a", "2 + 2 =",
      "Tell me a long story about the sea and the people who live beside it", "x", "What is a model?", "Why?");

  private static String ask(int i, boolean stream) {
    return TinyServer.chat(QUESTIONS.get(i % QUESTIONS.size()),
        ",'max_tokens':" + (20 + i) + ",'temperature':0,'ignore_eos':" + (i % 3 == 0) + ",'stream':" + stream);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 64})
  void clients_at_once_get_the_greedy_texts_that_one_gets(int clientCount) throws Exception {
    try (TinyServer tiny =
        new TinyServer(o -> o.engine(e -> e.maxSequences(5).prefillTokens(29)).rates(r -> r.queue(64)))) {
      List<String> alone = new ArrayList<>();
      for (int i = 0; i < clientCount; i++) {
        alone.add(tiny.post("/v1/chat/completions", ask(i, false)).json().at("/choices/0/message/content").asText());
      }
      for (int round = 0; round < 2; round++) {
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
          List<Future<Answer>> all = new ArrayList<>();
          for (int i = 0; i < clientCount; i++) {
            int client = i;
            all.add(clients.submit(() -> tiny.post("/v1/chat/completions", ask(client, client % 2 == 0))));
          }
          for (int i = 0; i < clientCount; i++) {
            Answer answer = all.get(i).get();
            assertThat(i % 2 == 0 ? answer.streamed(0) : answer.json().at("/choices/0/message/content").asText())
                .isEqualTo(alone.get(i));
          }
        }
      }
      assertThat(tiny.failures).isEmpty();
    }
  }

  @Test
  void draws_with_a_seed_do_not_depend_on_neighbours_either() throws Exception {
    try (TinyServer tiny = new TinyServer()) {
      String heat = ",'temperature':1.5,'max_tokens':30,'seed':";
      List<String> alone = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        alone.add(tiny.chat(heat + i).json().at("/choices/0/message/content").asText());
      }
      try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Answer>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
          int seed = i;
          all.add(clients.submit(() -> tiny.chat(heat + seed)));
        }
        for (int i = 0; i < 12; i++) {
          assertThat(all.get(i).get().json().at("/choices/0/message/content").asText()).isEqualTo(alone.get(i));
        }
      }
    }
  }

  @Test
  void closing_finishes_what_runs_and_refuses_what_comes() throws Exception {
    Duration patience = Duration.ofMinutes(2);
    TinyServer tiny = new TinyServer(o -> o.deadlines(d -> d.drain(patience).write(patience)));
    // more than the sockets hold, so that it runs until it is read
    String body = TinyServer.chat("hi", ",'stream':true,'ignore_eos':true,'max_tokens':900,'n':9,'logprobs':true,"
        + "'top_logprobs':20").replace('\'', '"');
    try (Socket socket = tiny.connect()) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
          + "application/json\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
          .getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      assertThat(new String(in.readNBytes(15), StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 200 OK");
      Thread closing = Thread.ofPlatform().start(tiny.server::close);
      Answer health = tiny.get("/health");
      while (health.status() == 200) {
        health = tiny.get("/health");
      }
      assertThat(health.status()).isEqualTo(503);
      Answer refused = tiny.chat("");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.json().at("/error/type").asText()).isEqualTo("server_error");
      assertThat(refused.header("retry-after")).isNotEmpty();
      String rest = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(rest).contains("\"finish_reason\":\"length\"").contains("data: [DONE]");
      closing.join();
    }
    tiny.server.close();
    assertThat(gone(tiny)).isTrue();
    tiny.close();
  }

  private static boolean gone(TinyServer tiny) {
    try (Socket socket = new Socket("127.0.0.1", tiny.server.port())) {
      return socket.getInputStream().read() < 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void what_does_not_finish_in_time_is_ended_with_an_error() throws Exception {
    TinyServer tiny = new TinyServer(o -> o.deadlines(d -> d.drain(Duration.ZERO)).engine(e -> e.maxSequences(1)));
    Gate gate = tiny.gate();
    gate.shut();
    List<Answer> answers = new java.util.concurrent.CopyOnWriteArrayList<>();
    List<Thread> clients = new ArrayList<>();
    for (boolean stream : new boolean[] {true, false, true, false}) {
      clients.add(Thread.startVirtualThread(() -> answers.add(
          tiny.chat(",'ignore_eos':true,'max_tokens':900,'stream':" + stream))));
    }
    TinyServer.until(() -> tiny.running() == 1 && tiny.waiting() == 3);
    Thread closing = Thread.ofPlatform().start(tiny.server::close);
    // it has refused all that is to come then, and waits for the pass that cannot go on
    TinyServer.until(() -> closing.getState() == Thread.State.WAITING);
    gate.open();
    closing.join();
    tiny.close();
    for (Thread client : clients) {
      client.join();
    }
    assertThat(answers).hasSize(4).allSatisfy(answer -> {
      assertThat(answer.status()).isIn(200, 503);
      assertThat(answer.text()).contains("\"error\"").contains("shutting down").doesNotContain("[DONE]");
    });
  }
}
