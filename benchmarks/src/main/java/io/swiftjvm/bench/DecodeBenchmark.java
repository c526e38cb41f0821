package io.swiftjvm.bench;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Recorder;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.KvCache;
import io.swiftjvm.infer.LogitsProcessor;
import io.swiftjvm.infer.LogitsProcessors;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.TokenHistory;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.PassInputs;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.CancellationToken;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Bytes of Java heap, and the time, of a step of decoding: of the inner loop alone, and of whole answers as an application asks for
 * them, prompt, text and listener included. Of the bytes it is the iteration with the fewest: each of them has some KB of the
 * harness, the last one some hundred.
 *
 * <pre>java -cp ... io.swiftjvm.bench.DecodeBenchmark MODEL_DIR bf16|int8|int4 THREADS</pre>
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class DecodeBenchmark {
  private static final int PROMPT = 16;
  private static final int ANSWER = 128;

  /** The folder of the model. */
  @Param("swift-tiny")
  public String model = "";

  /** Its weights in memory. */
  @Param("bf16")
  public String format = "";

  /** Kernel threads. */
  @Param("1")
  public int threads;

  /** Texts that go on together. */
  @Param({"1", "8"})
  public int batch;

  /** The likeliest token, or one drawn with temperature and top-p. */
  @Param({"greedy", "drawn"})
  public String sampling = "";

  private final List<AutoCloseable> open = new ArrayList<>();
  private Runnable step = () -> {};
  private Runnable answer = () -> {};

  /** Loads the model and records a step. */
  @Setup(Level.Trial)
  public void open() {
    Backend backend = Devices.cpu(threads);
    Path folder = Path.of(model);
    CausalLm lm = CausalLm.load(folder, backend);
    open.addAll(List.of(backend, lm));
    if (!format.equals("bf16")) {
      WeightFormats.of(format).apply(lm);
    }
    SamplingParams greedy = SamplingParams.GREEDY.maxTokens(ANSWER).ignoreEos(true);
    SamplingParams params = sampling.equals("greedy") ? greedy : greedy.temperature(0.8).topP(0.9).topK(0).seed(1L);
    Tokenizer tokenizer = HuggingFaceTokenizers.isPresent(folder) ? HuggingFaceTokenizers.load(folder) : null;
    Engine engine = new Engine(lm, tokenizer, EngineOptions.DEFAULT);
    int[] prompt = IntStream.range(5, 5 + PROMPT).toArray();
    List<GenerateRequest> requests = Collections.nCopies(batch, GenerateRequest.of(prompt).sampling(params));
    answer = () -> engine.generate(requests, (request, piece) -> {}, new CancellationToken());
    step = recorded(lm, params, prompt);
  }

  /** One step over and over: ids and positions in, the recorded pass, a token for each text out. */
  private Runnable recorded(CausalLm lm, SamplingParams params, int[] prompt) {
    Backend backend = lm.backend();
    KvCache cache = new KvCache(backend, batch, lm.config().maxPositions());
    int[] slots = IntStream.range(0, batch).map(i -> cache.acquire()).toArray();
    int[] ones = new int[batch];
    Arrays.fill(ones, 1);
    int[] ids = new int[batch];
    Arrays.fill(ids, 7);
    for (int slot : slots) {
      try (Scope scope = new Scope(backend)) {
        KvCache.Step first = cache.step(new int[] {slot}, new int[] {PROMPT});
        lm.hidden(Pass.of(new Ops(backend, null, scope), first), scope.ints(prompt), first.positions());
        first.commit();
      }
    }
    KvCache.Step recording = cache.step(slots, ones);
    Recorder recorder = new Recorder(backend, recording.segments());
    Scope scope = new Scope(recorder);
    Scope room = new Scope(backend);
    PassInputs inputs = lm.inputs(room, ids, recording.positions());
    Pass pass = Pass.of(new Ops(recorder, null, scope), recording);
    Tensor logits = lm.logits(pass, lm.hidden(pass, inputs));
    Replay replay = recorder.replay();
    open.addAll(List.of(cache, room, recorder, scope, replay));
    Tensor best = room.tensor(DType.I32, batch);
    MemorySegment chosen = MemorySegment.ofArray(new int[batch]);
    float[] scores = new float[lm.config().vocabSize()];
    MemorySegment row = MemorySegment.ofArray(scores);
    List<LogitsProcessor> chain = LogitsProcessors.of(params);
    TokenHistory history = new TokenHistory(prompt);
    return () -> {
      // not committed: the next step is at the same place
      KvCache.Step now = cache.step(slots, ones);
      inputs.write(ids, now.positions());
      replay.run(now.replayed());
      if (params.greedy()) {
        backend.argmax(logits, best);
        best.read(0, chosen);
      } else {
        for (int i = 0; i < batch; i++) {
          logits.read((long) i * row.byteSize(), row);
          for (int p = 0; p < chain.size(); p++) {
            chain.get(p).apply(history, scores);
          }
        }
      }
    };
  }

  /** The inner loop. */
  @Benchmark
  public void step() {
    step.run();
  }

  /** A step of answers of 128 tokens, everything included. */
  @Benchmark
  @OperationsPerInvocation(ANSWER)
  public void answer() {
    answer.run();
  }

  /** Gives everything back. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
    open.clear();
  }

  /** Arguments: a model folder, the format of its weights in memory, threads. */
  public static void main(String[] args) throws RunnerException {
    var results = new Runner(new OptionsBuilder().include(DecodeBenchmark.class.getName()).param("model", args[0])
        .param("format", args[1]).param("threads", args[2]).verbosity(VerboseMode.SILENT).addProfiler(GCProfiler.class)
        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "-Xmx200m").forks(1).warmupIterations(3)
        .measurementIterations(3).warmupTime(TimeValue.seconds(2)).measurementTime(TimeValue.seconds(2)).build()).run();
    System.out.println("| what | texts | sampling | us a step | heap bytes a step | a token |");
    System.out.println("|---|---|---|---|---|---|");
    for (RunResult result : results) {
      double heap = heap(result).orElse(Double.NaN);
      String name = result.getParams().getBenchmark();
      String texts = result.getParams().getParam("batch");
      System.out.printf(Locale.ROOT, "| %s | %s | %s | %.0f | %.2f | %.2f |%n", name.substring(name.lastIndexOf('.') + 1),
          texts, result.getParams().getParam("sampling"), result.getPrimaryResult().getScore(), heap,
          heap / Integer.parseInt(texts));
    }
  }

  private static Optional<Double> heap(RunResult result) {
    return Optional.ofNullable(result.getSecondaryResults().get("gc.alloc.rate.norm")).map(r -> r.getStatistics().getMin());
  }
}
