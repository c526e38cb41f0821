package io.swiftjvm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class DeployCommandTest {
  private static final Pattern READY = Pattern.compile("http://127.0.0.1:(\\d+)/v1");

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"3; API key; --host 0.0.0.0", "2; whole number; --port x",
      "3; 65535; --port 70000", "3; max_model_len; --max_model_len 100000",
      "3; max_logprobs; --max_logprobs 21", "2; twice; --adapters a=x a=y",
      "3; no-such-folder; --adapters a=no-such-folder", "3; admin key; --admin_key k",
      "3; admin key; --api_key a --lora_root .", "2; unknown flag; --nothing 1",
      "3; maxSequences; --max_num_seqs 0", "2; kv_cache_dtype; --kv_cache_dtype fp8",
      "3; gpu_memory_utilization; --gpu_memory_utilization 2", "2; true or false; --enable_prefix_caching maybe",
      "2; ngram; --speculative_config {\"method\":\"eagle\"}", "2; JSON; --speculative_config ngram",
      "3; 1 .. 15; --speculative_config {\"num_speculative_tokens\":16}",
      "3; no-such-model; --speculative_config {\"model\":\"./no-such-model\"}"})
  void a_wrong_flag_is_a_refusal_that_names_it(int code, String word, String flags) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Cli cli = new Cli(new PrintStream(new ByteArrayOutputStream()), new PrintStream(err, true, StandardCharsets.UTF_8));
    assertThat(cli.run(("deploy --model swift-tiny --port 0 " + flags).replace("--port 0 --port", "--port").split(" ")))
        .as(err.toString(StandardCharsets.UTF_8)).isEqualTo(code);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains(word);
  }

  @Test
  void an_interrupt_ends_it_as_a_signal_does() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int[] code = {-1};
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    Thread thread = Thread.ofPlatform().start(() -> code[0] = new Cli(print, print).run(
        "serve", "--model", "swift-tiny", "--port", "0", "--served_model_name", "mine"));
    while (!READY.matcher(out.toString(StandardCharsets.UTF_8)).find() && thread.isAlive()) {
      Thread.sleep(5);
    }
    assertThat(out.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("mine").contains("this machine only");
    thread.interrupt();
    thread.join();
    assertThat(code[0]).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"deploy", "serve"})
  void a_process_says_that_it_is_ready_drains_at_sigterm_and_ends_with_0(String command) throws Exception {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-cp", System.getProperty("java.class.path"),
        Main.class.getName(), command, "--model", "swift-tiny", "--port", "0", "--api_key", "one,two",
        "--max_new_tokens", "5", "--rate_limit", "1000", "--max_num_seqs", "4", "--gpu_memory_utilization", "0.5",
        "--speculative_config", "{\"method\":\"ngram\",\"num_speculative_tokens\":3}", "--max_model_len", "512",
        "--max_logprobs", "5")
        .redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String ready = lines.readLine();
      Matcher port = READY.matcher(String.valueOf(ready));
      assertThat(port.find()).as(ready).isTrue();
      HttpRequest models = HttpRequest.newBuilder(URI.create(port.group() + "/models"))
          .header("Authorization", "Bearer two").build();
      assertThat(HttpClient.newHttpClient().send(models, HttpResponse.BodyHandlers.ofString()).body())
          .contains("\"max_model_len\":512");
      try (Socket socket = new Socket("127.0.0.1", Integer.parseInt(port.group(1)))) {
        String body = "{\"model\":\"swift-tiny\",\"stream\":true,\"ignore_eos\":true,\"max_tokens\":400,\"messages\":"
            + "[{\"role\":\"user\",\"content\":\"hi\"}]}";
        socket.getOutputStream().write(("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer one\r\n"
            + "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n"
            + body).getBytes(StandardCharsets.UTF_8));
        InputStream in = socket.getInputStream();
        assertThat(new String(in.readNBytes(15), StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 200 OK");
        process.toHandle().destroy(); // Process.destroy would also close its output
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("data: [DONE]");
      }
      assertThat(process.waitFor()).isZero();
      assertThat(lines.readLine()).isNull();
    } finally {
      process.destroyForcibly();
    }
  }
}
