package io.swiftjvm.bench;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Any server of the OpenAI API, ours or llama.cpp's, by the same client: streams that come at once over
 * {@code /v1/completions}, prompts of 128 token ids that have nothing in common, 64 tokens each, greedy, no end token. One
 * line of JSON for each number of streams:
 *
 * <ul>
 *   <li>{@code prompt}: tokens/s until the last stream has its first token,
 *   <li>{@code first}: seconds to the first token, mean of the streams,
 *   <li>{@code decode}: tokens/s of all streams together while every one of them speaks,
 *   <li>{@code all}: tokens/s made, prompts included.
 * </ul>
 *
 * <pre>java -cp ... io.swiftjvm.bench.ServerBench PEER FORMAT URL MODEL THREADS [STREAMS ...]</pre>
 */
public final class ServerBench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PROMPT = 128;
  private static final int ANSWER = 64;
  private static final int FIRST_WORD = 300;
  private static final int IDS = 30_000;

  private ServerBench() {}

  /** When the events of a stream came, in seconds, and the tokens that the server counted. */
  private record Times(List<Double> at, int tokens) {
    double first() {
      return at.getFirst();
    }

    double last() {
      return at.getLast();
    }
  }

  /** Arguments: peer, format and threads for the output, address, the model's name, numbers of streams (1 8 32). */
  public static void main(String[] args) throws Exception {
    int[] streams = args.length > 5 ? Arrays.stream(args).skip(5).mapToInt(Integer::parseInt).toArray()
        : new int[] {1, 8, 32};
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      measure(http, threads, args, 2, -1); // weights come into memory, code is compiled
      for (int count : streams) {
        List<Times> all = measure(http, threads, args, count, count);
        double prompts = all.stream().mapToDouble(Times::first).max().orElse(0);
        double end = all.stream().mapToDouble(Times::last).min().orElse(0);
        long spoken = all.stream().flatMap(t -> t.at().stream()).filter(t -> t > prompts && t <= end).count();
        System.out.printf(Locale.ROOT,
            "{\"peer\":\"%s\",\"type\":\"%s\",\"threads\":%s,\"streams\":%d,\"prompt\":%.1f,\"first\":%.3f,"
                + "\"decode\":%.2f,\"all\":%.2f}%n",
            args[0], args[1], args[4], count, count * PROMPT / prompts,
            all.stream().mapToDouble(Times::first).average().orElse(0), spoken / (end - prompts),
            all.stream().mapToInt(Times::tokens).sum() / all.stream().mapToDouble(Times::last).max().orElse(0));
      }
    }
  }

  private static List<Times> measure(HttpClient http, ExecutorService threads, String[] args, int count, int seed)
      throws InterruptedException, ExecutionException {
    Random random = new Random(seed);
    long start = System.nanoTime();
    List<Callable<Times>> work = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = random.ints(PROMPT, FIRST_WORD, IDS).toArray();
      work.add(() -> ask(http, args[2], args[3], prompt, start));
    }
    List<Times> all = new ArrayList<>();
    for (Future<Times> each : threads.invokeAll(work)) {
      all.add(each.get());
    }
    return all;
  }

  private static Times ask(HttpClient http, String url, String model, int[] prompt, long start)
      throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode();
    body.put("model", model).put("stream", true).put("max_tokens", ANSWER).put("temperature", 0).put("ignore_eos", true);
    body.put("cache_prompt", false).set("prompt", JSON.valueToTree(prompt));
    body.putObject("stream_options").put("include_usage", true);
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
    HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException(new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
    }
    List<Double> at = new ArrayList<>();
    int tokens = 0;
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data: {")) {
          double now = (System.nanoTime() - start) * 1e-9;
          JsonNode event = JSON.readTree(line.substring("data: ".length()));
          if (!event.at("/choices/0/text").asText("").isEmpty()) {
            at.add(now);
          }
          tokens = event.at("/usage/completion_tokens").asInt(tokens);
        }
      }
    }
    if (tokens != ANSWER || at.isEmpty()) {
      throw new IOException(tokens + " tokens in " + at.size() + " events instead of " + ANSWER);
    }
    return new Times(at, tokens);
  }
}
