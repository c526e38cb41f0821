package io.swiftjvm.plan;

import static io.swiftjvm.parallel.MemoryEstimate.show;

import io.swiftjvm.nn.Recompute;
import io.swiftjvm.parallel.MemoryEstimate;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.tuner.LoraSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * A change of a plan that saves memory, on top of those before it in a list.
 *
 * @param flag what to change, as on the command line
 * @param effect what else it changes
 * @param saved bytes that it saves
 * @param total bytes that the plan takes with it
 */
public record MemoryFix(String flag, String effect, long saved, long total) {
  private static final int SHORTEST = 128;

  private record Step(String flag, String effect, UnaryOperator<Settings> change) {}

  /**
   * The changes that bring a training below a limit: first those that leave its result as it is, then those that give up
   * least. All there are if even they are not enough.
   *
   * @param settings the plan
   * @param longest longest row in tokens
   * @param memory the estimate of changed settings with a longest row
   */
  static List<MemoryFix> of(
      Settings settings, int longest, long limit, BiFunction<Settings, Integer, MemoryEstimate> memory) {
    List<MemoryFix> fixes = new ArrayList<>();
    Settings now = settings;
    long total = memory.apply(now, longest).total();
    for (Step step : steps(settings)) {
      Settings next = step.change.apply(now);
      long with = next.equals(now) ? total : memory.apply(next, longest).total();
      if (total > limit && with < total - total / 100) {
        fixes.add(new MemoryFix(step.flag, step.effect, total - with, with));
        now = next;
        total = with;
      }
    }
    int shorter = longest;
    long then = total;
    while (then > limit && shorter > SHORTEST) {
      shorter = Math.max(SHORTEST, Integer.highestOneBit(shorter - 1));
      then = memory.apply(now, shorter).total();
    }
    if (then < total) {
      fixes.add(new MemoryFix("--max_length " + shorter, "longer rows are dropped or cut (truncation_strategy)",
          total - then, then));
    }
    return fixes;
  }

  private static List<Step> steps(Settings s) {
    int rows = s.train().batch().perDevice();
    int all = rows * s.train().batch().microBatches();
    List<Step> steps = new ArrayList<>();
    if (rows > 1) {
      steps.add(new Step("--per_device_train_batch_size 1 --gradient_accumulation_steps " + all, "the same steps",
          now -> now.train(t -> t.batch(b -> b.perDevice(1).accumulation(all)))));
    }
    steps.add(new Step("--gradient_checkpointing true", "the same result, norms and activations are computed twice",
        now -> now.train(t -> t.gradientCheckpointing(true))));
    steps.add(new Step("--recompute_granularity full", "the same result, a second forward pass",
        now -> now.train(t -> t.granularity(Recompute.FULL))));
    if (s.tuner().full()) {
      steps.add(new Step("--optim adamw_8bit", "optimizer state of 8 bits",
          now -> now.train(t -> t.optim(o -> o.type("adamw_8bit")))));
      steps.add(new Step("--tuner_type lora", "an adapter learns instead of all weights",
          now -> now.tuner(LoraSpec.DEFAULT).train(t -> t.optim(o -> o.type("adamw")))));
    }
    steps.add(new Step("--quant_method bnb --quant_bits 4", "4-bit base weights under the adapter (QLoRA)",
        now -> now.model().quant().method() != null || now.tuner().full() ? now
            : now.model(m -> m.quant(QuantSettings.of(QuantSpec.nf4())))));
    return steps;
  }

  @Override
  public String toString() {
    return flag + "  saves " + show(saved) + " (then " + show(total) + "): " + effect;
  }
}
