package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.CancellationToken;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code swift demo}: the whole way of a fine-tune on the embedded model, in about a minute. */
final class DemoCommand implements Command {
  /** What a tiny model and a hundred short rows need; every one of them may be given. */
  private static final Map<String, Object> DEFAULTS = defaults();

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String summary() {
    return "Gives the embedded model another identity: ask, train, save, reload, ask again, merge.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.value("question", "what to ask; default 'Who are you?'"));
  }

  @Override
  public int run(Call call) {
    PrintStream out = call.out();
    Map<String, Object> missing = new LinkedHashMap<>(DEFAULTS);
    call.given().forEach(missing::remove);
    Settings settings = Arguments.apply(call.settings(), missing);
    String question = call.flag("question").orElse("Who are you?");
    Plan plan = Recipe.of(settings).plan();
    String model = settings.model().requireModel();
    Recipe start = Recipe.of(Settings.DEFAULT.model(m -> settings.model().adapters(List.of())));

    out.println("1. " + model + " before training");
    try (Run before = start.onDevice(settings.device()).load()) {
      show(out, question, before);
    }
    out.println("2. LoRA training on " + settings.data().datasets() + " as " + settings.data().modelName() + " by "
        + settings.data().modelAuthor());
    Path adapter;
    try (Run run = plan.train(new ConsoleProgress(out), new CancellationToken())) {
      adapter = run.checkpoint().orElseThrow(() -> new UsageException("the demo needs --output_dir"));
    }
    out.println("3. the adapter, read back from disk");
    Path merged = adapter.resolveSibling("merged");
    try (Run after = start.onDevice(settings.device()).adapters(adapter).load()) {
      show(out, question, after);
      after.export(merged, true);
    }
    out.println("4. the merged model, a plain folder that transformers loads too");
    try (Run whole = Swift.model(merged.toString()).onDevice(settings.device()).load()) {
      show(out, question, whole);
    }
    out.println();
    out.println("adapter (PEFT format)  " + adapter);
    out.println("merged model           " + merged);
    out.println("log, a line a step     " + adapter.resolveSibling("logging.jsonl"));
    out.println("plan as JSON           " + adapter.resolveSibling("args.json"));
    out.println();
    out.println("the plan that ran:");
    out.print(plan.explain());
    return 0;
  }

  private static void show(PrintStream out, String question, Run run) {
    out.println("   you    " + question);
    out.println("   model  " + run.chat(question).text().strip());
  }

  private static Map<String, Object> defaults() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", "swift-tiny");
    map.put("dataset", List.of("swift/self-cognition"));
    map.put("model_name", "Zephyrine");
    map.put("model_author", "ACME Labs");
    map.put("learning_rate", 5e-4);
    map.put("num_train_epochs", 20.0);
    map.put("per_device_train_batch_size", 16);
    map.put("gradient_accumulation_steps", 1);
    map.put("lora_dropout", 0.0);
    map.put("warmup_ratio", 0.05);
    map.put("gradient_checkpointing", false);
    map.put("output_dir", "output/demo");
    map.put("add_version", true);
    return map;
  }
}
