package io.swiftjvm;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.external.EngineAccess;
import io.swiftjvm.infer.external.EngineKind;
import io.swiftjvm.infer.external.EngineLaunch;
import io.swiftjvm.infer.external.OpenAiEngine;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.QuantSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.run.ExternalEngines;
import io.swiftjvm.run.LocalEngine;
import io.swiftjvm.serve.ModelServer;
import io.swiftjvm.serve.ServeOptions;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.Tuning;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * An open plan. Immutable: every call returns a new recipe, so one may be shared and branched between threads.
 *
 * {@snippet :
 * Recipe recipe = Swift.model("swift-tiny").lora(l -> l.rank(16)).training(t -> t.optim(o -> o.learningRate(1e-3)));
 * Plan plan = recipe.dataset("rows.jsonl").plan();
 * System.out.println(plan.explain());
 * }
 *
 * @param settings everything chosen so far; the rest is ms-swift's defaults
 */
public record Recipe(Settings settings) {
  /** A recipe that starts from settings. */
  public static Recipe of(Settings settings) {
    return new Recipe(settings);
  }

  /** Trains low-rank adapters. Default: rank 8, alpha 32, dropout 0.05 on every projection but the head. */
  public Recipe lora(UnaryOperator<LoraSpec> change) {
    return tuner(change.apply(settings.tuner() instanceof LoraSpec now ? now : LoraSpec.DEFAULT));
  }

  /** Trains every parameter. */
  public Recipe full() {
    return tuner(FullSpec.DEFAULT);
  }

  /**
   * Trains what {@code tuning} says: {@link LoraSpec}, {@link FullSpec}, or any method of
   * {@code io.swiftjvm.tuner.method}. Default: {@link LoraSpec#DEFAULT}.
   *
   * {@snippet :
   * Recipe vera = Swift.model("swift-tiny").tuner(VeraSpec.DEFAULT.rank(64));
   * Recipe upper = Swift.model("swift-tiny").tuner(FullSpec.DEFAULT.freezeRatio(0.5));
   * }
   */
  public Recipe tuner(Tuning tuning) {
    return of(settings.tuner(tuning));
  }

  /**
   * Quantises the weights when they are loaded: {@link QuantSpec#nf4} under adapters that are trained (QLoRA),
   * {@link QuantSpec#int8} and {@link QuantSpec#int4} for answers. Default: not.
   *
   * {@snippet :
   * Swift.model("qwen3").quantize(int4().group(64).zeroPoint(true)); // static import of QuantSpec.int4
   * }
   */
  public Recipe quantize(QuantSpec spec) {
    return of(settings.model(m -> m.quant(QuantSettings.of(spec))));
  }

  /**
   * Chooses the device: {@link Swift#auto} (default), {@link Swift#cpu}, or a name of {@link Swift#devices}, with a
   * number where there are several: {@code "cuda:1"}. One that is not there is refused when the plan runs.
   */
  public Recipe onDevice(String device) {
    return of(settings.device(device));
  }

  /** Limits the kernel threads. Default: all processors. */
  public Recipe threads(int threads) {
    return of(settings.threads(threads));
  }

  /** Puts adapters in PEFT's format on the model. A training continues from the last one. */
  public Recipe adapters(Path... folders) {
    return with("adapters", List.of(folders).stream().map(Path::toString).toList());
  }

  /**
   * Adds an adapter in PEFT's format that answers under a name: as a model of its own when the model is served, and in an
   * {@link #engine}, whose requests choose by name.
   */
  public Recipe adapter(String name, Path folder) {
    List<String> all = new ArrayList<>(settings.model().adapters());
    all.add(new AdapterRef(name, folder.toString()).toString());
    return with("adapters", all);
  }

  /** Sets the data: files, folders or {@code swift/self-cognition}; {@code #N} behind one takes N rows. */
  public Recipe dataset(String... specs) {
    return with("dataset", List.of(specs));
  }

  /** Changes optimizer, schedule, batches, checkpoints, seeds. */
  public Recipe training(UnaryOperator<TrainSpec> change) {
    return of(settings.train(change));
  }

  /** Continues pre-training on plain text instead of fine-tuning on conversations. */
  public Recipe pretraining() {
    return of(settings.task(Task.PT));
  }

  /** Changes how answers are sampled. Default: the model's generation_config.json. */
  public Recipe sampling(UnaryOperator<SamplingParams> change) {
    return of(settings.sampling(change));
  }

  /** Sets where results go. Default: {@code output}. */
  public Recipe outputDir(Path folder) {
    return training(t -> t.checkpoint(c -> c.outputDir(folder)));
  }

  /** Sets any argument by its ms-swift name: {@code with("max_length", 512)}. Unknown names are refused. */
  public Recipe with(String argument, Object value) {
    return of(Arguments.apply(settings, Map.of(argument, value)));
  }

  /**
   * Closes the recipe: reads config.json and file headers, computes nothing, and refuses every illegal combination at
   * once.
   */
  public Plan plan() {
    return Plan.of(settings);
  }

  /** {@code dataset(specs).plan().train()}. */
  public Run train(String... specs) {
    return (specs.length == 0 ? this : dataset(specs)).plan().train();
  }

  /** {@code plan().load()}: the model as it is, to chat with. */
  public Run load() {
    return plan().load();
  }

  /** {@link #engine(UnaryOperator)} with the usual sizes. */
  public LocalEngine engine() {
    return engine(options -> options);
  }

  /**
   * Loads the model into an engine: callers of several threads share passes, prompts that begin alike share work. Where
   * adapters have names the first one answers, unless a request names another or the model itself.
   *
   * {@snippet :
   * try (var engine = Swift.model("dir").adapter("a", folder).engine()) { engine.chat("hi", piece -> show(piece)); }
   * }
   */
  public LocalEngine engine(UnaryOperator<EngineOptions> change) {
    return LocalEngine.open(plan().settings(), change.apply(EngineOptions.DEFAULT));
  }

  /**
   * The same by a server elsewhere; the model's weights are not read here, the recipe's system text, sampling and adapter
   * names apply.
   *
   * @param kind vllm, sglang, lmdeploy, swift, or openai for any other
   * @param url its address: {@code http://127.0.0.1:8000}
   */
  public ChatEngine engine(String kind, String url) {
    return engine(kind, url, access -> access);
  }

  /** {@link #engine(String, String)} with a key, timeouts or another model. */
  public ChatEngine engine(String kind, String url, UnaryOperator<EngineAccess> change) {
    EngineAccess access = ExternalEngines.access(settings, change.apply(EngineAccess.DEFAULT));
    try {
      return OpenAiEngine.connect(EngineKind.of(kind), new URI(url), access);
    } catch (URISyntaxException e) {
      throw new InvalidPlanException("The engine's address '" + url + "' is none: " + e.getReason() + ".", e);
    }
  }

  /**
   * The same by an installed engine that is started for it, on this machine, and ended when the result is closed. The
   * recipe's model goes to the engine as it is: a folder or a hub id.
   *
   * {@snippet :
   * try (var engine = Swift.model("Qwen/Qwen3-0.6B").startEngine("vllm", l -> l.arguments("--max-model-len", "8192"))) {
   *   engine.chat("hi");
   * }
   * }
   */
  public ChatEngine startEngine(String kind, UnaryOperator<EngineLaunch> change) {
    EngineAccess access = ExternalEngines.access(settings, EngineAccess.DEFAULT);
    EngineLaunch launch = EngineLaunch.of(EngineKind.of(kind), settings.model().requireModel())
        .adapters(AdapterRef.named(settings.model().adapters()));
    return ExternalEngines.start(change.apply(launch), access);
  }

  /**
   * {@code load().serve(change)}; closing the server also closes the model.
   *
   * {@snippet :
   * try (ModelServer server = Swift.model("swift-tiny").serve(s -> s.port(8080))) { connect(server.url()); }
   * }
   */
  public ModelServer serve(UnaryOperator<ServeOptions> change) {
    Run run = load();
    boolean done = false;
    try {
      ModelServer server = run.serve(change).afterwards(run::close);
      done = true;
      return server;
    } finally {
      if (!done) {
        run.close();
      }
    }
  }
}
