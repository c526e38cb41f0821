package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.List;

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
        Flag.value("quant_method", "not in this version"));
  }

  @Override
  public int run(Call call) {
    if (call.flag("quant_method").isPresent()) {
      throw new InvalidPlanException("quant_method " + call.required("quant_method")
          + " is not in this version; export writes float32, bfloat16 and float16 (--torch_dtype).");
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
}
