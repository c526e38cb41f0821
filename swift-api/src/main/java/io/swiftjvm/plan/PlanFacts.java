package io.swiftjvm.plan;

import io.swiftjvm.backend.Device;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.parallel.MemoryEstimate;
import io.swiftjvm.parallel.ModelSizes;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.objective.LossSpec;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Tuning;
import io.swiftjvm.tuner.method.DoraSpec;
import io.swiftjvm.tuner.method.TargetedSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What follows from a plan and its model's config.json and file headers: sizes, memory, and the reason of each choice.
 *
 * @param settings the plan
 * @param where what the model argument led to
 * @param sizes the model's sizes
 * @param maxLength longest row in tokens
 * @param memory the estimate of a training step, or of answering where the plan has no data
 */
public record PlanFacts(Settings settings, String where, ModelSizes sizes, int maxLength, MemoryEstimate memory) {
  /** Reads config.json and headers; no weights. */
  public static PlanFacts of(Settings settings) {
    try (ModelSource source = settings.model().describe()) {
      ModelConfig config = ModelConfig.load(source.folder());
      ModelSizes sizes = ModelSizes.of(source.folder(), settings.head().head(settings.task(), config));
      int limit = config.maxModelLen().orElse(sizes.config().maxPositions());
      Integer asked = settings.text().maxLength();
      int maxLength = asked != null ? asked : limit;
      MemoryEstimate memory = new MemoryPlan(settings, sizes, maxLength).estimate();
      String where = source.kind().name().toLowerCase(Locale.ROOT) + " " + source.name();
      return new PlanFacts(settings, where, sizes, maxLength, memory);
    }
  }

  /** The plan's memory beyond the estimate: what is free, what to change. */
  public MemoryPlan memoryPlan() {
    return new MemoryPlan(settings, sizes, maxLength);
  }

  /** Values that are trained. */
  public long trainable() {
    return settings.tuner().trained(sizes.model()).values().stream().mapToLong(ModelShapes::values).sum();
  }

  /** One line a decision: what, value, reason. */
  public String explain() {
    List<String> lines = new ArrayList<>();
    Settings s = settings;
    line(lines, "model", sizes.config().modelType() + ", " + millions(sizes.parameters()), where);
    DType dtype = s.model().dtype();
    line(lines, "weights", dtype == null ? "as stored" : dtype.torchName(),
        dtype != null ? "torch_dtype"
            : "torch_dtype is unset: " + (s.mapped() ? "mapped from the file, not copied" : "copied (mmap false)"));
    device(lines, s.device());
    if (!s.model().adapters().isEmpty()) {
      line(lines, "adapters", String.join(", ", s.model().adapters()), "loaded on the model");
    }
    if (s.data().any()) {
      training(lines);
    }
    line(lines, "memory", MemoryEstimate.show(memory.total()), "estimated:");
    memory.toString().lines().forEach(l -> lines.add("  " + l));
    return String.join("\n", lines) + "\n";
  }

  private void training(List<String> lines) {
    Settings s = settings;
    Tuning tuner = s.tuner();
    line(lines, "task", s.task().toString(), "on " + String.join(", ",
        s.data().cached().isEmpty() ? s.data().datasets() : s.data().cached()));
    line(lines, "tuner", named(tuner), millions(trainable()) + " of " + millions(sizes.parameters())
        + " values are trained" + on(tuner));
    var batch = s.train().batch();
    line(lines, "batch", batch.perDevice() + " x " + batch.microBatches(),
        "rows in a micro-batch x micro-batches in a step" + (batch.accumulation() == null ? " (ceil(16 / rows))" : ""));
    line(lines, "length", batch.maxSteps() == null ? batch.epochs() + " epochs" : batch.maxSteps() + " steps",
        "rows of at most " + maxLength + " tokens, longer ones: " + s.text().truncation()
            + (s.text().packing() ? "; packed" : ""));
    var optim = s.train().optim();
    String which = optim.name() + (optim.args().isEmpty() ? "" : " " + optim.args())
        + (optim.galore() instanceof GaLoreSpec g ? " galore rank=" + g.rank() : "");
    line(lines, "optimizer", which + " lr=" + optim.rate(tuner.full()),
        (optim.learningRate() == null ? "default of " + TunerArguments.name(tuner) : "learning_rate") + ", betas "
            + optim.beta1() + " " + optim.beta2() + ", weight decay " + optim.weightDecay() + ", clip " + optim.maxGradNorm());
    var loss = s.train().loss();
    if (!loss.equals(LossSpec.DEFAULT)) {
      line(lines, "loss", "cross-entropy with changes", "label smoothing " + loss.form().smoothing() + ", dft "
          + loss.form().dynamic() + ", z-loss " + loss.form().zWeight() + ", neftune " + loss.neftune());
    }
    var schedule = s.train().schedule();
    line(lines, "schedule", schedule.type().name().toLowerCase(Locale.ROOT), schedule.warmupSteps() > 0
        ? schedule.warmupSteps() + " warm-up steps" : "warm-up over " + schedule.warmupRatio() + " of the steps");
    line(lines, "recompute", s.train().recompute().name().toLowerCase(Locale.ROOT), switch (s.train().recompute()) {
      case NONE -> "activations are kept: more memory, less work";
      case SELECTIVE -> "gradient_checkpointing: norms and activations are computed twice, products once";
      case FULL -> "gradient_checkpointing: least memory, a second forward pass";
    });
    line(lines, "seeds", s.train().seed() + ", " + s.train().dataSeed(), "same plan and seeds give the same bytes");
    Path output = s.outputDir();
    line(lines, "output", output == null ? "none" : output.toString(), output == null ? "nothing is written"
        : s.addVersion() ? "in a folder of its own (add_version)" : "add_version is off: straight into that folder");
  }

  private static String named(Tuning tuner) {
    String name = TunerArguments.name(tuner);
    return switch (tuner) {
      case LoraSpec lora -> name + " r=" + lora.rank() + " alpha=" + lora.alpha();
      case DoraSpec dora -> name + " r=" + dora.lora().rank() + " alpha=" + dora.lora().alpha() + " dora";
      default -> name;
    };
  }

  private static String on(Tuning tuner) {
    LoraTargets targets = switch (tuner) {
      case LoraSpec lora -> lora.targets();
      case TargetedSpec targeted -> targeted.targets();
      default -> null;
    };
    return targets == null ? "" : ", on " + (targets.regex() == null ? targets.modules() : targets.regex());
  }

  private static void line(List<String> lines, String what, String value, String reason) {
    lines.add(String.format(Locale.ROOT, "%-10s %-26s %s", what, value, reason).stripTrailing());
  }

  private static String millions(long values) {
    return values >= 1_000_000_000 ? String.format(Locale.ROOT, "%.2f B", values / 1e9)
        : values >= 1_000_000 ? String.format(Locale.ROOT, "%.2f M", values / 1e6)
        : String.format(Locale.ROOT, "%.1f k", values / 1e3);
  }

  private static void device(List<String> lines, String name) {
    List<String> names = Devices.names(name);
    if (names.size() == 1 && !name.equals("auto")) {
      Device device = Devices.device(name);
      line(lines, "device", device.toString(), "asked for: " + Devices.devices(device.kind()).stream()
          .filter(d -> d.device().equals(device) || !d.available()).findFirst()
          .map(d -> d.available() ? steady(d) : "not on this machine, " + d.summary()).orElse("no such index here"));
      return;
    }
    Optional<Devices.Choice> choice = Devices.choice(name);
    line(lines, "device", choice.map(c -> c.device().device().toString()).orElse(name),
        choice.map(c -> name + ": " + steady(c.device())).orElse("none of them is on this machine"));
    choice.ifPresent(c -> c.skipped().forEach(d -> lines.add("  no " + d.kind() + ": " + d.reason())));
  }

  /** Without what is free, which is another number the next time. */
  private static String steady(DeviceInfo device) {
    return device.memory(device.memory(), 0).summary();
  }
}
