package io.swiftjvm.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.swiftjvm.Swift;
import io.swiftjvm.serve.ModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's own client for JavaScript, unmodified; skipped where node or the package cannot be had. */
@Timeout(180)
class OpenAiNodeTest {
  private static final String PACKAGE = "openai@7.55.0";
  private static final int INSTALL_SECONDS = 60;

  private static Path target() {
    Path classes = Path.of(System.getProperty("java.class.path").split(java.io.File.pathSeparator)[0]);
    return classes.toAbsolutePath().resolveSibling("interop");
  }

  private record Result(int code, String output) {}

  private static Result run(Path folder, int seconds, String... command) throws InterruptedException {
    try {
      Path log = Files.createTempFile(folder, "run", ".log");
      Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
          .redirectOutput(log.toFile()).start();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return new Result(-1, "not done after " + seconds + " s");
      }
      return new Result(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
    } catch (IOException e) {
      return new Result(-1, String.valueOf(e.getMessage()));
    }
  }

  @Test
  void the_client_for_node_talks_to_the_server() throws Exception {
    Path folder = Files.createDirectories(target());
    Result node = run(folder, 10, "node", "--version");
    assumeTrue(node.code == 0, "node is not here: " + node.output);
    if (!Files.isDirectory(folder.resolve("node_modules/openai"))) {
      Files.writeString(folder.resolve("package.json"), "{\"private\":true}");
      Result install = run(folder, INSTALL_SECONDS, "npm", "install", "--no-audit", "--no-fund", "--silent",
          "--fetch-retries=0", "--fetch-timeout=20000", PACKAGE);
      assumeTrue(install.code == 0, "the npm package " + PACKAGE + " cannot be had: " + install.output);
    }
    try (InputStream script = Objects.requireNonNull(OpenAiNodeTest.class.getResourceAsStream("openai.mjs"))) {
      Files.write(folder.resolve("openai.mjs"), script.readAllBytes());
    }
    try (ModelServer server = Swift.model("swift-tiny").serve(s -> s.port(0).apiKeys("secret"))) {
      Result result = run(folder, 60, "node", "openai.mjs", server.url(), "secret");
      assertThat(result.code).as(result.output).isZero();
      assertThat(result.output.lines()).contains("chat", "stream_with_usage", "embeddings", "responses", "errors");
    }
  }
}
