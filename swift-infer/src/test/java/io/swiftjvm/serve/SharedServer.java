package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.serve.TinyServer.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests of one class that share a server, which must not fail in any of them. */
abstract class SharedServer {
  static TinyServer tiny;

  @BeforeAll
  static void open() {
    tiny = new TinyServer();
  }

  @AfterAll
  static void close() {
    assertThat(tiny.failures).isEmpty();
    tiny.close();
  }

  /** What a request that went well came back with. */
  static JsonNode ok(Answer answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }
}
