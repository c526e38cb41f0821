package io.swiftjvm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Any server of the OpenAI API, ours or llama.cpp's, by the same client: streams that come at once over
 * {@code /v1/completions}, prompts as token ids that have nothing in common, greedy, no end token.
 *
 * <pre>java -cp ... io.swiftjvm.bench.ServerBench NAME URL MODEL [STREAMS ...]</pre>
 */
public final class ServerBench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PROMPT = 128;
  private static final int ANSWER = 64;
  private static final int IDS = 30_000;

  private ServerBench() {}

  /** When the first and the last event of a stream came, in seconds, and its events. */
  private record Times(double first, double last, int events) {}

  /** Arguments: a name for the output, the address, the model's name, numbers of streams (default 1 8 32). */
  public static void main(String[] args) throws Exception {
    int[] streams = args.length > 3 ? Arrays.stream(args).skip(3).mapToInt(Integer::parseInt).toArray()
        : new int[] {1, 8, 32};
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int count : streams) {
        Random random = new Random(count);
        long start = System.nanoTime();
        List<Callable<Times>> work = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          int[] prompt = random.ints(PROMPT, 5, IDS).toArray();
          work.add(() -> ask(http, args[1], args[2], prompt, start));
        }
        List<Times> all = new ArrayList<>();
        for (Future<Times> each : threads.invokeAll(work)) {
          all.add(each.get());
        }
        double first = all.stream().mapToDouble(Times::first).average().orElse(0);
        double prompts = all.stream().mapToDouble(Times::first).max().orElse(0);
        double last = all.stream().mapToDouble(Times::last).max().orElse(0);
        double each = all.stream().mapToDouble(t -> (ANSWER - 1) / (t.last - t.first)).average().orElse(0);
        System.out.printf(Locale.ROOT, "%s %d streams: prompts %.0f tokens/s, first token after %.2f s (mean), each %.1f "
            + "tokens/s, all %.1f tokens/s, %d events%n", args[0], count, count * PROMPT / prompts, first, each,
            count * ANSWER / last, all.stream().mapToInt(Times::events).sum());
      }
    }
  }

  private static Times ask(HttpClient http, String url, String model, int[] prompt, long start)
      throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode();
    body.put("model", model).put("stream", true).put("max_tokens", ANSWER).put("temperature", 0).put("ignore_eos", true);
    body.put("cache_prompt", false).set("prompt", JSON.valueToTree(prompt));
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
    HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException(new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
    }
    double first = 0;
    double last = 0;
    int events = 0;
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data: {")) {
          events++;
          last = (System.nanoTime() - start) * 1e-9;
          first = first == 0 ? last : first;
        }
      }
    }
    return new Times(first, last, events);
  }
}
