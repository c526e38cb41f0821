package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.run.TrainingData;
import io.swiftjvm.tuner.VocabularyExtension;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code swift export}: merges adapters into the weights, or writes the weights in another element type. */
final class ExportCommand implements Command {
  @Override
  public String name() {
    return "export";
  }

  @Override
  public String summary() {
    return "Writes a plain model folder: with --merge_lora true the adapters merged in.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.bare("merge_lora", "merge the adapters into the weights"),
        Flag.bare("exist_ok", "write into a folder that exists"),
        Flag.value("new_special_tokens", "adds these tokens, separated by commas, and writes the larger model"),
        Flag.bare("to_cached_dataset", "encode --dataset and write it for --cached_dataset"),
        Flag.value("quant_method", "not in this version"));
  }

  @Override
  public int run(Call call) {
    if (call.flag("quant_method").isPresent()) {
      throw new InvalidPlanException("quant_method " + call.required("quant_method")
          + " is not in this version; export writes float32, bfloat16 and float16 (--torch_dtype).");
    }
    if (call.on("to_cached_dataset")) {
      return cache(call);
    }
    Optional<String> tokens = call.flag("new_special_tokens");
    if (tokens.isPresent()) {
      return extend(call, List.of(tokens.get().split(",")));
    }
    boolean hasAdapters = !call.settings().model().adapters().isEmpty();
    if (hasAdapters != call.on("merge_lora")) {
      throw new UsageException(hasAdapters ? "adapters are given: add --merge_lora true to merge them"
          : "--merge_lora true needs --adapters with the folder of an adapter");
    }
    Path target = call.settings().outputDir();
    if (target == null || !call.given().contains("output_dir")) {
      throw new UsageException("--output_dir is required");
    }
    Plan plan = Recipe.of(call.settings()).plan();
    try (Run run = plan.load()) {
      run.export(target, call.on("exist_ok"));
    }
    call.out().println(target);
    return 0;
  }

  private static int cache(Call call) {
    Path target = call.settings().outputDir();
    if (target == null || !call.given().contains("output_dir") || call.settings().data().datasets().isEmpty()) {
      throw new UsageException("--to_cached_dataset needs --dataset and --output_dir");
    }
    Plan plan = Recipe.of(call.settings()).plan();
    try (Run run = plan.load()) {
      DropReport report =
          TrainingData.cache(call.settings(), run.loaded(), target, new ConsoleProgress(call.err()));
      Map<String, Object> last = new LinkedHashMap<>();
      last.put("cached_dataset", target.resolve("train").toString());
      last.put("rows", report.kept());
      last.put("dropped_rows", report.count());
      call.out().println(Json.line(last));
    }
    return 0;
  }

  private static int extend(Call call, List<String> tokens) {
    Path target = call.settings().outputDir();
    if (target == null || !call.given().contains("output_dir")) {
      throw new UsageException("--output_dir is required");
    }
    if (!call.settings().model().adapters().isEmpty() || call.on("merge_lora")) {
      throw new UsageException("--new_special_tokens writes the bare model: leave out --adapters and --merge_lora");
    }
    try (ModelSource source = call.settings().model().open()) {
      VocabularyExtension.write(source.folder(), tokens, target, call.on("exist_ok"));
    }
    call.out().println(target);
    return 0;
  }
}
