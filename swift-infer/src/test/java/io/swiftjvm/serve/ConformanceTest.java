package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The wire, check by check: the tables under {@code conformance} in the resources. After each refusal the server must
 * still answer.
 */
class ConformanceTest extends SharedServer {
  @TestFactory
  Stream<DynamicTest> embeddings() {
    return checks("embeddings");
  }

  @TestFactory
  Stream<DynamicTest> relevance() {
    return checks("relevance");
  }

  @TestFactory
  Stream<DynamicTest> responses() {
    return checks("responses");
  }

  @TestFactory
  Stream<DynamicTest> structured() {
    return checks("structured");
  }

  @TestFactory
  Stream<DynamicTest> chat() {
    return checks("chat");
  }

  @TestFactory
  Stream<DynamicTest> completions_and_the_rest() {
    return checks("completions");
  }

  private static Stream<DynamicTest> checks(String table) {
    return lines(table).stream().map(line -> DynamicTest.dynamicTest(line, () -> {
      WireCheck check = WireCheck.of(line);
      check.run(tiny);
      if (check.status() >= 400) {
        assertThat(tiny.post("/v1/completions", "{'model':'swift-tiny','prompt':'a','max_tokens':1}").status())
            .as("it lives").isEqualTo(200);
      }
    }));
  }

  private static List<String> lines(String table) {
    try (InputStream in =
        Objects.requireNonNull(ConformanceTest.class.getResourceAsStream("conformance/" + table + ".txt"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
