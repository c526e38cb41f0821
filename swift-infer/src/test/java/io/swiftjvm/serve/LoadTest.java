package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.swiftjvm.serve.TinyServer.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many requests, one after the other and at once. The large ones run by hand: {@code -Dexcluded.test.groups=none}. */
@Timeout(600)
class LoadTest {
  private static final String[] KINDS = {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses",
      "/v1/rerank", "/tokenize", "/v1/completions?"};

  private static long descriptors() {
    var os = ManagementFactory.getOperatingSystemMXBean();
    Assumptions.assumeTrue(os instanceof UnixOperatingSystemMXBean, "descriptors are counted on Unix only");
    return ((UnixOperatingSystemMXBean) os).getOpenFileDescriptorCount();
  }

  /** Memory of the process in bytes, after a collection. */
  private static long resident() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.isReadable(status), "memory is read on Linux only");
    System.gc();
    return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElseThrow();
  }

  private static String body(String path, int i) {
    return switch (path) {
      case "/v1/chat/completions" -> TinyServer.chat("Question " + i, ",'max_tokens':8,'stream':" + (i % 2 == 0));
      case "/v1/completions" -> "{'model':'swift-tiny','prompt':'Number " + i + "','max_tokens':8,'n':2}";
      case "/v1/embeddings" -> "{'model':'swift-tiny','input':['a " + i + "','b']}";
      case "/v1/responses" -> "{'model':'swift-tiny','input':'Number " + i + "','max_output_tokens':8}";
      case "/v1/rerank" -> "{'model':'swift-tiny','query':'q','documents':['a','b " + i + "']}";
      case "/tokenize" -> "{'prompt':'some text " + i + "'}";
      default -> "{'model':'swift-tiny','prompt':'x','temperature':99}";
    };
  }

  /** Asks for a long stream and leaves after its first bytes. */
  private static void leave(TinyServer tiny) throws IOException {
    String body = TinyServer.chat("hi", ",'stream':true,'ignore_eos':true,'max_tokens':900").replace('\'', '"');
    try (Socket socket = tiny.connect()) {
      socket.getOutputStream().write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
          + "application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
          .getBytes(StandardCharsets.UTF_8));
      assertThat(socket.getInputStream().readNBytes(12)).hasSize(12);
    }
  }

  private static void round(TinyServer tiny, int requests, int clients) throws Exception {
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int c = 0; c < clients; c++) {
        all.add(threads.submit(() -> {
          for (int i = next.getAndIncrement(); i < requests; i = next.getAndIncrement()) {
            if (new Random(i).nextInt(10) == 0) {
              leave(tiny);
            } else {
              String path = KINDS[i % KINDS.length];
              Answer answer = tiny.post(path.replace("?", ""), body(path, i));
              assertThat(answer.status()).as(answer.text()).isEqualTo(path.endsWith("?") ? 400 : 200);
            }
          }
          return null;
        }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    TinyServer.until(() -> tiny.running() + tiny.waiting() == 0);
  }

  private static void soak(int warmUp, int requests, long bytesPerRequest) throws Exception {
    try (TinyServer tiny = new TinyServer(o -> o.engine(e -> e.maxSequences(8)))) {
      round(tiny, warmUp, 8);
      long open = descriptors();
      long more = Long.MAX_VALUE;
      // what is kept is kept in every round; a heap that the JVM enlarges is not
      for (int i = 0; i < 3 && more >= bytesPerRequest * requests; i++) {
        long before = resident();
        round(tiny, requests, 8);
        // sockets of clients that left are closed a moment after their answers ended
        TinyServer.until(() -> descriptors() < open + 24);
        more = resident() - before;
      }
      System.getLogger("load").log(System.Logger.Level.INFO, "{0} requests, {1} KiB more", requests, more >> 10);
      assertThat(more).as("bytes more after " + requests + " requests").isLessThan(bytesPerRequest * requests);
      assertThat(tiny.failures).isEmpty();
      assertThat(tiny.alive()).isTrue();
      assertThat(tiny.get("/metrics").text()).contains("kv_cache_usage_perc{model_name=\"swift-tiny\"} 0.0");
    }
  }

  @Test
  void a_few_hundred_requests_with_clients_that_leave_keep_no_memory_and_no_sockets() throws Exception {
    soak(100, 200, 256 << 10);
  }

  @Test
  @Tag("heavy")
  void two_thousand_requests_with_clients_that_leave_keep_no_memory_and_no_sockets() throws Exception {
    soak(1000, 2000, 32 << 10);
  }

  @Test
  @Tag("heavy")
  void a_thousand_streams_at_once_are_all_complete() throws Exception {
    int streams = 1000;
    String body = TinyServer.chat("What is LoRA?", ",'stream':true,'temperature':0,'max_tokens':40").replace('\'', '"');
    try (TinyServer tiny = new TinyServer(o -> o.engine(e -> e.maxSequences(64)).rates(r -> r.queue(streams))
        .deadlines(d -> d.queue(java.time.Duration.ofMinutes(5))))) {
      String whole = tiny.chat(",'temperature':0,'max_tokens':40").json().at("/choices/0/message/content").asText();
      long begin = System.nanoTime();
      List<Future<String>> all = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < streams; i++) {
          all.add(threads.submit(() -> {
            try (Socket socket = tiny.connect()) {
              socket.getOutputStream().write(("POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\n"
                  + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                  .getBytes(StandardCharsets.UTF_8));
              InputStream in = socket.getInputStream();
              String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
              return new Answer(200, text.substring(text.indexOf("\r\n\r\n") + 4), java.util.Map.of()).streamed(0);
            }
          }));
        }
        for (Future<String> one : all) {
          assertThat(one.get()).isEqualTo(whole);
        }
      }
      System.getLogger("load").log(System.Logger.Level.INFO, "{0} streams in {1} ms", streams,
          (System.nanoTime() - begin) / 1_000_000);
      assertThat(tiny.alive()).isTrue();
      assertThat(tiny.failures).isEmpty();
    }
  }
}
