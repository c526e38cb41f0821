package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.serve.TinyServer.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that mean harm or are broken; after each of them the server answers others. */
@Timeout(60)
class HostileTest {
  private static final String CHAT =
      "{\"model\":\"swift-tiny\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private final TinyServer tiny = new TinyServer(o -> o
      .deadlines(d -> d.headers(Duration.ofSeconds(1)).body(Duration.ofSeconds(2)).write(Duration.ofSeconds(1))
          .heartbeat(Duration.ofMillis(20)).drain(Duration.ofSeconds(1)))
      .sizes(s -> s.bodyBytes(1 << 20).bufferedBytes(3 << 20)).engine(e -> e.maxSequences(2)));

  @AfterEach
  void lives() throws InterruptedException {
    TinyServer.until(() -> tiny.running() == 0);
    assertThat(tiny.alive()).isTrue();
    assertThat(tiny.failures).isEmpty();
    tiny.close();
  }

  private static String post(String headers, String body) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers
        + "\r\n" + body;
  }

  private static String status(String response) {
    return response.lines().findFirst().orElse("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nConnection: close\r\n\r\n", "\0\0\0\0\r\n\r\n",
      "GET http://[bad HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
      "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
      "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: localhost\r\nBad Header\r\nConnection: close\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"})
  void bytes_that_are_no_request_get_no_answer_or_a_4xx(String bytes) {
    assertThat(status(tiny.raw(bytes))).satisfiesAnyOf(
        line -> assertThat(line).isEmpty(), line -> assertThat(line).startsWith("closed"),
        line -> assertThat(line).matches("HTTP/1.1 (4..|501|505).*"),
        line -> assertThat(line).as("an odd header may be passed over").isEqualTo("HTTP/1.1 200 OK"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-5\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", "zz\r\nabc\r\n0\r\n\r\n",
      "2\r\n{}\r\n0\r\nTrailer: 1\r\n\r\n"})
  void chunks_that_are_none_are_refused(String chunks) {
    assertThat(status(tiny.raw(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", chunks))))
        .startsWith("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00c0\u0080", "\u00ed\u00a0\u0080", "\u00ff", "\u00f8\u0088\u0080\u0080\u0080", "\u00e2\u0082"})
  void bytes_that_are_no_text_are_refused(String bytes) {
    String body = CHAT.replace("hi", bytes);
    assertThat(status(tiny.raw(post("Connection: close\r\nContent-Length: " + body.length() + "\r\n", body))))
        .startsWith("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'tools':[{'type':'function','function':{'name':'f','parameters':{'default':1e99999999}}}]",
      "'chat_template_kwargs':{'a':[1e400]}", "'guided_json':{'const':-1e400}",
      "'messages':[{'role':'user','content':'q'},{'role':'assistant','content':null,'tool_calls':[{'id':'a',"
          + "'type':'function','function':{'name':'f','arguments':'{bad'}}]}]"})
  void what_cannot_be_told_to_a_model_is_refused(String field) {
    assertThat(tiny.post("/v1/chat/completions", "{'model':'swift-tiny','max_tokens':2" + (field.startsWith("'messages'")
        ? "" : ",'messages':[{'role':'user','content':'hi'}]") + "," + field + "}").status()).isEqualTo(400);
  }

  @Test
  void a_body_with_two_lengths_is_not_taken_for_two_requests() {
    String inner = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (String headers : List.of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 50\r\n")) {
      String all = tiny.raw(post(headers + "Connection: close\r\n", "0\r\n\r\n" + inner));
      assertThat(all.split("HTTP/1.1 ", -1).length - 1).as(all).isLessThanOrEqualTo(1);
      assertThat(all).doesNotContain("\"object\":\"list\"");
    }
  }

  @Test
  void a_connection_is_kept_after_an_error() {
    String both = tiny.raw(post("Content-Length: 2\r\n", "{}")
        + post("Content-Length: " + CHAT.length() + "\r\nConnection: close\r\n", CHAT));
    assertThat(both).contains("HTTP/1.1 400").contains("HTTP/1.1 200");
  }

  @Test
  void chunked_bodies_and_expectations_and_old_clients_are_served() {
    assertThat(tiny.raw(post("Transfer-Encoding: chunked\r\nConnection: close\r\n",
        Integer.toHexString(CHAT.length()) + "\r\n" + CHAT + "\r\n0\r\n\r\n"))).startsWith("HTTP/1.1 200");
    assertThat(tiny.raw(post("Expect: 100-continue\r\nConnection: close\r\nContent-Length: " + CHAT.length() + "\r\n",
        CHAT))).contains("100 Continue").contains("HTTP/1.1 200");
    String old = tiny.raw(post("Content-Length: " + (CHAT.length() + 14) + "\r\n",
        CHAT.replace("{\"model", "{\"stream\":true,\"model").substring(0, CHAT.length() + 14))
        .replace("HTTP/1.1", "HTTP/1.0"));
    assertThat(old).doesNotContain("chunked").endsWith("data: [DONE]\n\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {(1 << 20) + 1, 40 << 20, Integer.MAX_VALUE})
  void a_length_over_the_limit_is_refused_before_the_body(int length) {
    try (Socket socket = tiny.connect()) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(post("Content-Length: " + length + "\r\n", "{").getBytes(StandardCharsets.UTF_8));
      byte[] head = socket.getInputStream().readNBytes(12);
      assertThat(new String(head, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_chunked_body_over_the_limit_is_refused() {
    byte[] body = new byte[(1 << 20) + 1];
    Answer answer = tiny.send(tiny.request("/tokenize").header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofByteArray(body))));
    assertThat(answer.status()).isEqualTo(413);
  }

  @Test
  void too_many_or_too_long_headers_are_refused() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 120; i++) {
      many.append("X-").append(i).append(": 1\r\n");
    }
    assertThat(status(tiny.raw("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + many + "\r\n")))
        .matches("HTTP/1.1 (431|400).*");
    assertThat(status(tiny.raw("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
        + "x".repeat(70_000) + "\r\n\r\n"))).matches("HTTP/1.1 (431|400).*");
    assertThat(status(tiny.raw("GET /" + "x".repeat(2_000_000) + " HTTP/1.1\r\n\r\n"))).doesNotContain("200");
  }

  @Test
  void half_open_connections_are_closed_and_hold_nobody_up() throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Socket socket = tiny.connect();
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write((i % 2 == 0 ? "GET /hea" : post("Content-Length: 100\r\n", "{"))
          .getBytes(StandardCharsets.UTF_8));
      sockets.add(socket);
    }
    assertThat(tiny.alive()).isTrue();
    for (Socket socket : sockets) {
      assertThat(end(socket)).isTrue();
      socket.close();
    }
  }

  private static boolean end(Socket socket) {
    try {
      return socket.getInputStream().readAllBytes().length >= 0;
    } catch (IOException e) {
      return !(e instanceof java.net.SocketTimeoutException);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_client_that_leaves_frees_its_place(boolean stream) throws Exception {
    String body = "{\"model\":\"swift-tiny\",\"stream\":" + stream + ",\"n\":50,\"ignore_eos\":true,\"max_tokens\":1000,"
        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    int aborted = 0;
    while (aborted < 200) {
      try (Socket socket = tiny.connect()) {
        socket.getOutputStream().write(
            post("Content-Length: " + body.length() + "\r\n", body).getBytes(StandardCharsets.UTF_8));
        TinyServer.until(() -> tiny.running() == 2);
      }
      aborted += 50;
      int all = aborted;
      TinyServer.until(() -> tiny.running() == 0 && tiny.aborted() == all);
    }
  }

  @Test
  void a_client_that_does_not_read_is_let_go_and_the_others_go_on() throws Exception {
    String body = "{\"model\":\"swift-tiny\",\"stream\":true,\"n\":9,\"ignore_eos\":true,\"max_tokens\":1000,"
        + "\"logprobs\":true,\"top_logprobs\":20,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new java.net.InetSocketAddress("127.0.0.1", tiny.server.port()));
      OutputStream out = socket.getOutputStream();
      out.write(post("Content-Length: " + body.length() + "\r\n", body).getBytes(StandardCharsets.UTF_8));
      TinyServer.until(() -> tiny.running() == 2);
      assertThat(tiny.alive()).isTrue();
      TinyServer.until(() -> tiny.running() == 0 && tiny.aborted() > 0);
    }
  }

  @Test
  void bodies_that_are_too_much_together_are_refused_for_a_while() throws IOException {
    List<Socket> sockets = new ArrayList<>();
    String big = post("Content-Length: 1000000\r\n", "x".repeat(900_000));
    for (int i = 0; i < 5; i++) {
      Socket socket = tiny.connect();
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(big.getBytes(StandardCharsets.UTF_8));
      sockets.add(socket);
    }
    int refused = 0;
    for (Socket socket : sockets) {
      byte[] head = new byte[0];
      try {
        head = socket.getInputStream().readNBytes(12);
      } catch (IOException e) {
        // closed by the deadline
      }
      refused += new String(head, StandardCharsets.UTF_8).equals("HTTP/1.1 503") ? 1 : 0;
      socket.close();
    }
    assertThat(refused).isPositive();
  }

  @Test
  void pages_of_other_hosts_do_not_get_in_without_a_key() {
    assertThat(status(tiny.raw("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")))
        .contains("403");
    assertThat(tiny.raw(
        "GET /v1/models HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://evil\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("access-control");
  }
}
