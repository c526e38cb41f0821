package io.swiftjvm;

import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.error.Closing;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.StreamListener;
import io.swiftjvm.infer.TextVectors;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Task;
import io.swiftjvm.run.ChatEncoder;
import io.swiftjvm.run.LoadedModel;
import io.swiftjvm.run.Serving;
import io.swiftjvm.run.TextTokens;
import io.swiftjvm.run.TrainingSession;
import io.swiftjvm.serve.LocalApi;
import io.swiftjvm.serve.ModelServer;
import io.swiftjvm.serve.ServeOptions;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainResult;
import io.swiftjvm.tuner.AdapterMix;
import io.swiftjvm.tuner.ModelExport;
import io.swiftjvm.tuner.WeightedAdapter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A live model: answers, takes adapters, is exported. Closing gives all memory back; use afterwards throws
 * {@link IllegalStateException}. Answers may be asked for from any thread, also virtual ones.
 *
 * {@snippet :
 * try (Run run = Swift.model("swift-tiny").load()) {
 *   System.out.println(run.chat("What is LoRA?").text());
 * }
 * }
 */
public final class Run implements AutoCloseable {
  /** Callers in this JVM are asked more often whether they still want their answer: that costs them nothing. */
  private static final Duration LOCAL_HEARTBEAT = Duration.ofMillis(50);

  private final Plan plan;
  private final LoadedModel loaded;
  private final TrainingSession.@Nullable Trained trained;
  private final List<ModelServer> servers = new CopyOnWriteArrayList<>();
  private @Nullable LocalApi api;

  private Run(Plan plan, LoadedModel loaded, TrainingSession.@Nullable Trained trained) {
    this.plan = plan;
    this.loaded = loaded;
    this.trained = trained;
  }

  static Run over(Plan plan, LoadedModel loaded, TrainingSession.@Nullable Trained trained) {
    return new Run(plan, loaded, trained);
  }

  /** The plan that led here. */
  public Plan plan() {
    return plan;
  }

  /** The answer to one user message, with the plan's sampling and the active adapters. */
  public Completion chat(String user) {
    return chat(List.of(Map.of("role", "user", "content", user)));
  }

  /**
   * The answer to one user message in a form that is kept to, without thoughts before it.
   *
   * {@snippet :
   * String json = run.chat("Who wrote Faust?", Grammar.json(schema)).text();
   * }
   *
   * @throws io.swiftjvm.error.InvalidPlanException if the form cannot be used
   */
  public Completion chat(String user, Grammar form) {
    int[] prompt =
        ChatEncoder.prompt(loaded, List.of(Map.of("role", "user", "content", user)), plan.settings().text());
    return loaded.engine().generate(request(prompt, plan.settings().sampling()).grammar(form));
  }

  /** The answer to a conversation of {@code {role, content}} messages. */
  public Completion chat(List<Map<String, Object>> messages) {
    return chat(messages, plan.settings().sampling(), StreamListener.NONE, new CancellationToken());
  }

  /** The answer to a conversation, shown to {@code listener} while it is made. */
  public Completion chat(
      List<Map<String, Object>> messages, SamplingParams sampling, StreamListener listener,
      CancellationToken cancellation) {
    int[] prompt = ChatEncoder.prompt(loaded, messages, plan.settings().text());
    return generate(prompt, sampling, listener, cancellation);
  }

  /** Continues plain text, without a chat template. */
  public Completion complete(String text) {
    return generate(loaded.tokenizer().encode(text, true), plan.settings().sampling(), StreamListener.NONE,
        new CancellationToken());
  }

  /** Continues token ids. */
  public Completion generate(
      int[] prompt, SamplingParams sampling, StreamListener listener, CancellationToken cancellation) {
    return loaded.engine().generate(List.of(request(prompt, sampling)), listener, cancellation).getFirst();
  }

  /** Continues token ids in a form that is kept to. */
  public Completion generate(int[] prompt, Grammar form, StreamListener listener, CancellationToken cancellation) {
    GenerateRequest request = request(prompt, plan.settings().sampling()).grammar(form);
    return loaded.engine().generate(List.of(request), listener, cancellation).getFirst();
  }

  private GenerateRequest request(int[] prompt, SamplingParams sampling) {
    return GenerateRequest.of(prompt).sampling(sampling).adapters(loaded.adapters());
  }

  /**
   * A vector of length one for each text, pooled as the model's {@code 1_Pooling/config.json} says, else the hidden
   * state of its last token after the final norm, as decoder-only embedding models are made (arXiv 2401.00368).
   */
  public float[][] embed(List<String> texts) {
    return embed(texts, Pooling.of(loaded.source().folder()), true);
  }

  /** A vector for each text, pooled in another way, of length one if {@code normalise}. */
  public float[][] embed(List<String> texts, Pooling pooling, boolean normalise) {
    float[][] vectors = new TextVectors(loaded.engine()).embed(ids(texts), loaded.adapters(), pooling);
    return normalise ? Arrays.stream(vectors).map(TextVectors::unit).toArray(float[][]::new) : vectors;
  }

  /** {@link #embed(List)} of conversations, each with the template of the plan. */
  public float[][] embedChats(List<List<Map<String, Object>>> conversations) {
    float[][] vectors =
        new TextVectors(loaded.engine()).embed(chatIds(conversations), loaded.adapters(), Pooling.of(loaded.source().folder()));
    return Arrays.stream(vectors).map(TextVectors::unit).toArray(float[][]::new);
  }

  /** The outputs of a classifier for each text, before softmax; a reranker with one label gives its score. */
  public float[][] classify(List<String> texts) {
    return outputs(ids(texts));
  }

  /**
   * {@link #classify(List)} of conversations, each with the template of the plan. A reranker, also a generative one, takes
   * a question and a document:
   *
   * {@snippet :
   * float score = run.classifyChats(List.of(List.of(Map.of("role", "user", "content", "What is LoRA?"),
   *     Map.of("role", "assistant", "content", "A way to fine-tune.")))) [0][0];
   * }
   */
  public float[][] classifyChats(List<List<Map<String, Object>>> conversations) {
    return outputs(chatIds(conversations));
  }

  private float[][] outputs(List<int[]> texts) {
    TextVectors vectors = new TextVectors(loaded.engine());
    return plan.settings().task() == Task.GENERATIVE_RERANKER
        ? vectors.rank(texts, loaded.adapters(), TextTokens.words(plan.settings(), loaded))
        : vectors.classify(texts, loaded.adapters());
  }

  /** Plain tokens, or those of a user's message where the model learnt from messages. */
  private List<int[]> ids(List<String> texts) {
    return plan.settings().task().ofTexts()
        ? chatIds(texts.stream().map(text -> List.<Map<String, Object>>of(Map.of("role", "user", "content", text))).toList())
        : texts.stream().map(text -> loaded.tokenizer().encode(text, true)).toList();
  }

  private List<int[]> chatIds(List<List<Map<String, Object>>> conversations) {
    return TextTokens.of(plan.settings(), loaded, conversations);
  }

  /** Puts one more adapter on the model under a name and makes it the active one. Not while answers are being made. */
  public void attach(String name, Path folder) {
    loaded.attach(folder, name);
  }

  /**
   * Makes one LoRA out of several that are attached, under a name, and makes it the active one; the others stay. Not
   * while answers are being made.
   *
   * {@snippet :
   * run.mix("both", Map.of("maths", 0.7, "code", 0.3), AdapterMix.TIES, 0.5);
   * }
   *
   * @param weights factor of each adapter by name
   * @param density share of values that TIES, MAGNITUDE_PRUNE and DARE keep, above 0 to 1; 1 for the others
   * @throws io.swiftjvm.error.InvalidPlanException if one is no plain LoRA, or ranks differ where they must not
   */
  public void mix(String name, Map<String, Double> weights, AdapterMix mix, double density) {
    List<String> sources = weights.keySet().stream().sorted().toList();
    List<Double> factors = sources.stream().map(weights::get).toList();
    WeightedAdapter.add(loaded.model(), name, sources, factors, mix, density);
    loaded.activate(List.of(name));
  }

  /** Chooses the active adapters by name; none is the bare model. */
  public void activate(String... names) {
    loaded.activate(List.of(names));
  }

  /**
   * Serves the model as the OpenAI API, under its own name with the active adapters, and with the plan's and the options'
   * adapters that have a name under theirs. Values that requests do not have come from the plan's sampling. The server ends when it is closed, or
   * with this run.
   *
   * {@snippet :
   * try (ModelServer server = run.serve(s -> s.port(8080).apiKeys("secret"))) { connect(server.url()); }
   * }
   *
   * @throws io.swiftjvm.error.InvalidPlanException if the address is not loopback and there is no key
   */
  public ModelServer serve(UnaryOperator<ServeOptions> change) {
    ServeOptions options = ServeOptions.DEFAULT.sampling(plan.settings().sampling());
    for (Map.Entry<String, Path> adapter : AdapterRef.named(plan.settings().model().adapters()).entrySet()) {
      options = options.adapter(adapter.getKey(), adapter.getValue());
    }
    ModelServer server = ModelServer.start(Serving.model(plan.settings(), loaded), change.apply(options));
    servers.add(server);
    return server;
  }

  /**
   * The API of {@link #serve} without HTTP, one for all callers in this JVM, with the plan's sampling; made when it is
   * asked for first, and closed with this run.
   */
  public synchronized LocalApi api() {
    LocalApi made = api;
    if (made == null) {
      made = LocalApi.start(Serving.model(plan.settings(), loaded), ServeOptions.DEFAULT
          .sampling(plan.settings().sampling()).deadlines(d -> d.heartbeat(LOCAL_HEARTBEAT)));
      api = made;
    }
    return made;
  }

  /** How the training ended; empty for a run that only loaded. */
  public Optional<TrainResult> result() {
    return Optional.ofNullable(trained).map(TrainingSession.Trained::result);
  }

  /** The last checkpoint of the training: for LoRA an adapter in PEFT's format. */
  public Optional<Path> checkpoint() {
    return result().map(TrainResult::checkpoint);
  }

  /** The folder with the log and the checkpoints of the training. */
  public Optional<Path> folder() {
    return Optional.ofNullable(trained).map(TrainingSession.Trained::folder);
  }

  /**
   * Writes a plain model folder with the active adapters merged in, or the tuned weights, in the plan's element type, else as stored.
   *
   * @param overwrite whether the folder may exist
   */
  public Path export(Path folder, boolean overwrite) {
    DType dtype = plan.settings().model().dtype();
    return loaded.adapters().isEmpty() && plan.settings().tuner().full() && trained != null
        ? ModelExport.save(loaded.model(), folder, dtype, overwrite)
        : ModelExport.merge(loaded.model(), loaded.adapters(), folder, dtype, overwrite);
  }

  /**
   * What this run's device has had no kernel for and did in another way: which operation, why, how often. Each was told to
   * {@link System.Logger} when it first happened; what is empty ran on kernels alone.
   *
   * {@snippet :
   * run.fallbacks().forEach(System.out::println);
   * }
   */
  public List<Fallbacks.Event> fallbacks() {
    return loaded.backend().fallbacks().events();
  }

  /** The facts of the training as plain data, for a log line. */
  public Map<String, Object> summary() {
    Map<String, Object> map = new LinkedHashMap<>();
    result().ifPresent(r -> {
      map.put("steps", r.steps());
      if (Double.isFinite(r.loss())) {
        map.put("loss", r.loss());
      }
      map.put("tokens", r.tokens());
      map.put("seconds", r.seconds());
      map.put("cancelled", r.cancelled());
    });
    if (trained != null) {
      map.put("rows", trained.data().kept());
      map.put("dropped_rows", trained.data().count());
    }
    checkpoint().ifPresent(c -> map.put("checkpoint", c.toString()));
    result().filter(r -> r.best() != null).ifPresent(r -> {
      map.put("best_checkpoint", String.valueOf(r.best()));
      map.put("best_metric", r.bestMetric());
    });
    folder().ifPresent(f -> map.put("output_dir", f.toString()));
    return map;
  }

  /** The parts, for work that the methods here do not cover. */
  public LoadedModel loaded() {
    return loaded;
  }

  @Override
  public void close() {
    LocalApi local;
    synchronized (this) {
      local = api;
    }
    Closing.all(local, () -> Closing.each(servers, ModelServer::close), loaded);
  }

  @Override
  public String toString() {
    return "Run of " + loaded.source() + result().map(r -> ", " + r.steps() + " steps, loss " + r.loss()).orElse("");
  }
}
