package io.swiftjvm.infer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.external.EngineException.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program that listens as an engine does stands in for one. */
@Timeout(60)
class EngineServerTest {
  /** The program. */
  static final class StandIn {
    private static int asked;

    private StandIn() {}

    public static void main(String[] args) throws IOException {
      List<String> all = List.of(args);
      if (all.contains("--fail")) {
        System.out.println("no such model");
        System.exit(3);
      }
      System.out.println("arguments " + all);
      int port = Integer.parseInt(all.get(all.indexOf("--port") + 1));
      HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
      server.createContext("/health", e -> {
        e.sendResponseHeaders(asked++ < 2 || all.contains("--sick") ? 503 : 200, -1);
        e.close();
      });
      server.createContext("/v1/models", e -> answer(e, "{\"data\":[{\"id\":\"m\"}]}"));
      server.createContext("/v1/chat/completions", e -> answer(e,
          "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
      server.start();
    }

    private static void answer(HttpExchange e, String text) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      e.sendResponseHeaders(200, bytes.length);
      e.getResponseBody().write(bytes);
      e.close();
    }
  }

  @TempDir
  Path temp;

  private EngineLaunch launch(String... arguments) {
    return EngineLaunch.of(EngineKind.VLLM, "some model; rm -rf /")
        .command(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-cp",
            System.getProperty("java.class.path"), StandIn.class.getName())
        .arguments(arguments).log(temp.resolve("log")).startTimeout(Duration.ofSeconds(40));
  }

  @Test
  void an_engine_is_started_by_an_argument_list_awaited_spoken_to_and_ended() throws IOException {
    EngineServer server = EngineServer.start(launch("--max-model-len", "64").adapters(Map.of("a", Path.of("/x y"))));
    try (server; OpenAiEngine engine = server.connect(EngineAccess.DEFAULT)) {
      assertThat(engine.chat("hi").text()).isEqualTo("hello");
      assertThat(server.running()).isTrue();
    }
    assertThat(server.running()).isFalse();
    assertThat(Files.readString(server.log())).contains("[some model; rm -rf /, --host, 127.0.0.1, --port, "
        + server.url().getPort() + ", --served-model-name, some model; rm -rf /, --enable-lora, --lora-modules, a=/x y, "
        + "--max-model-len, 64]");
  }

  @Test
  void one_that_ends_is_never_healthy_or_is_not_installed_is_told() throws IOException {
    assertThatThrownBy(() -> EngineServer.start(launch("--fail"))).isInstanceOfSatisfying(EngineException.class,
        e -> assertThat(e.reason()).isEqualTo(Reason.NOT_STARTED)).hasMessageContainingAll("status 3", "no such model");
    assertThatThrownBy(() -> EngineServer.start(launch("--sick").startTimeout(Duration.ofSeconds(1))))
        .isInstanceOfSatisfying(EngineException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_STARTED))
        .hasMessageContaining("not healthy within PT1S");
    assertThatThrownBy(() -> EngineServer.start(launch().command("/no/such/program")))
        .isInstanceOfSatisfying(EngineException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_INSTALLED));
    assertThatThrownBy(() -> EngineLaunch.of(EngineKind.OPENAI, "m")).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> EngineLaunch.of(EngineKind.VLLM, "--trust-remote-code"))
        .isInstanceOf(InvalidPlanException.class);
  }

  @Test
  void each_engine_has_its_own_flags() {
    assertThat(EngineKind.SGLANG.arguments("m", "n", "h", 1, Map.of()))
        .isEqualTo(List.of("--model-path", "m", "--host", "h", "--port", "1", "--served-model-name", "n"));
    assertThat(EngineKind.LMDEPLOY.arguments("m", "n", "h", 1, Map.of("a", Path.of("p"))))
        .isEqualTo(List.of("m", "--server-name", "h", "--server-port", "1", "--model-name", "n", "--adapters", "a=p"));
  }
}
