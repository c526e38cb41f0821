package io.swiftjvm.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** swift-tiny behind a server of its own, and a client. */
final class TinyServer implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  final ModelServer server;
  final ServedModel served;
  private final ModelSource source;
  private final Backend backend = Devices.cpu(2);
  private final CausalLm model;
  private final Tokenizer tokenizer;
  private @Nullable Gate gate;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  TinyServer() {
    this(options -> options);
  }

  TinyServer(UnaryOperator<ServeOptions> change) {
    this(ModelSource.locator().open("swift-tiny"), null, change);
  }

  /** swift-tiny with another chat template. */
  TinyServer(ChatTemplate template) {
    this(ModelSource.locator().open("swift-tiny"), template, options -> options);
  }

  /** Another model than swift-tiny. */
  TinyServer(Path folder, UnaryOperator<ServeOptions> change) {
    this(ModelSource.locator().open(folder.toString()), null, change);
  }

  private TinyServer(ModelSource source, @Nullable ChatTemplate template, UnaryOperator<ServeOptions> change) {
    this.source = source;
    model = CausalLm.load(source.folder(), backend);
    tokenizer = HuggingFaceTokenizers.load(source.folder());
    served = new ServedModel("swift-tiny", model, tokenizer,
        template == null ? ChatTemplate.find(source.folder()).orElse(null) : template, null, Map.of(), List.of());
    server = ModelServer.start(served, change.apply(ServeOptions.DEFAULT.port(0).failures(failures::add)));
  }

  /** What came back. */
  record Answer(int status, String text, Map<String, List<String>> headers) {
    JsonNode json() {
      try {
        return JSON.readTree(text);
      } catch (JsonProcessingException e) {
        throw new AssertionError("no JSON: " + text, e);
      }
    }

    String header(String name) {
      return headers.getOrDefault(name, List.of("")).getFirst();
    }

    /** The events of a stream, without the last one, which must be [DONE]. */
    List<JsonNode> events() {
      List<JsonNode> events = new ArrayList<>();
      String[] parts = text.split("\n\n", -1);
      if (!parts[parts.length - 1].isEmpty() || !parts[parts.length - 2].equals("data: [DONE]")) {
        throw new AssertionError("does not end with [DONE]: " + text);
      }
      for (String part : List.of(parts).subList(0, parts.length - 2)) {
        if (!part.equals(":")) {
          events.add(new Answer(200, part.substring("data: ".length()), Map.of()).json());
        }
      }
      return events;
    }

    /** The text of choice {@code index} of a stream. */
    String streamed(int index) {
      StringBuilder all = new StringBuilder();
      for (JsonNode event : events()) {
        for (JsonNode choice : event.path("choices")) {
          if (choice.path("index").asInt() == index) {
            all.append(choice.path("delta").path("content").asText("")).append(choice.path("text").asText(""));
          }
        }
      }
      return all.toString();
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path));
  }

  Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      return new Answer(
          response.statusCode(), new String(response.body(), StandardCharsets.UTF_8), response.headers().map());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  Answer get(String path) {
    return send(request(path));
  }

  /** Posts JSON, written with single quotes. */
  Answer post(String path, String json) {
    return send(request(path).header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"'))));
  }

  /** {@link #post} with a key. */
  Answer as(String key, String path, String json) {
    return send(request(path).header("Content-Type", "application/json").header("Authorization", "Bearer " + key)
        .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"'))));
  }

  /** A chat request about a question, with more fields. */
  static String chat(String question, String more) {
    return "{'model':'swift-tiny','messages':[{'role':'user','content':'" + question + "'}]" + more + "}";
  }

  Answer chat(String more) {
    return post("/v1/chat/completions", chat("What is LoRA?", more));
  }

  /** A connection to write bytes to. */
  Socket connect() {
    try {
      return new Socket("127.0.0.1", server.port());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends raw text and returns all that comes back until the server closes. */
  String raw(String text) {
    try (Socket socket = connect()) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "closed: " + e.getMessage();
    }
  }

  /** A gate in the way of its passes, open as yet. Must be asked for before anything else is. */
  Gate gate() {
    gate = Gate.of(model);
    return gate;
  }

  /** Sequences that have a place. */
  int running() {
    return load("running");
  }

  /** Sequences that wait for one. */
  int waiting() {
    return load("waiting");
  }

  /** Bytes of all tensors of the model, its adapters and its cache. */
  long memory() {
    return ((CpuBackend) backend).bytesInUse();
  }

  /** Answers whose client did not wait for them, as the server counts them a moment after it noticed. */
  int aborted() {
    return get("/metrics").text().lines().filter(line -> line.contains("finished_reason=\"abort\""))
        .mapToInt(line -> Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private int load(String what) {
    return server.load().getOrDefault(what, -1);
  }

  /** Waits for what happens some time after an answer has reached its client; as long as the test may take. */
  static void until(BooleanSupplier happened) throws InterruptedException {
    while (!happened.getAsBoolean()) {
      Thread.sleep(1);
    }
  }

  /** True if it still answers. */
  boolean alive() {
    Answer answer = chat(",'max_tokens':2");
    return answer.status() == 200 && get("/health").status() == 200;
  }

  @Override
  public void close() {
    if (gate != null) {
      gate.open();
    }
    server.close();
    tokenizer.close();
    model.close();
    backend.close();
    source.close();
  }
}
