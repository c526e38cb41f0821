package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.train.optimizer.rule.Rule;
import io.swiftjvm.train.optimizer.rule.StateSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which optimizer, its settings, and gradient clipping.
 *
 * {@snippet :
 * OptimSpec spec = OptimSpec.DEFAULT.type("sgd").args(Map.of("momentum", 0.9)).learningRate(0.01);
 * }
 *
 * @param type which one
 * @param args its settings beyond those below by torch's names, see {@link OptimType}; unset ones have torch's defaults
 * @param learningRate peak rate, above 0; null = 1e-4 for adapters, 1e-5 for full tuning
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 * @param weightDecay decoupled decay, at least 0
 * @param decayAll decay norms and biases too; by default they are left alone, as the HF Trainer does
 * @param maxGradNorm gradients are scaled down to this norm; 0 = off
 * @param galore projects the matrices' gradients, with AdamW only; null = off
 * @param paged state lies in mapped files, which the system writes out when memory is short
 */
public record OptimSpec(
    OptimType type, Map<String, Double> args, @Nullable Double learningRate, double beta1, double beta2, double epsilon,
    double weightDecay, boolean decayAll, double maxGradNorm, @Nullable GaLoreSpec galore, boolean paged) {
  /** The defaults of ms-swift. */
  public static final OptimSpec DEFAULT = new OptimSpec(
      OptimType.ADAMW, Map.of(), null, 0.9, 0.95, 1e-8, 0.1, false, 1.0, null, false);

  public OptimSpec {
    if (learningRate != null) {
      check("learningRate", learningRate, learningRate > 0, "above 0");
    }
    check("beta1", beta1, beta1 >= 0 && beta1 < 1, "0 .. below 1");
    check("beta2", beta2, beta2 >= 0 && beta2 < 1, "0 .. below 1");
    check("epsilon", epsilon, epsilon > 0, "above 0");
    check("weightDecay", weightDecay, weightDecay >= 0, "0 or more");
    check("maxGradNorm", maxGradNorm, maxGradNorm >= 0, "0 (off) or more");
    if (galore != null && type != OptimType.ADAMW) {
      throw new InvalidPlanException("optim is '" + type + "' and GaLore is on; GaLore is a form of adamw.");
    }
    if (paged) {
      type.name(true);
    }
    args = Collections.unmodifiableMap(new TreeMap<>(args));
  }

  /** What this optimizer moves a parameter by. */
  public Rule rule(Parameter parameter) {
    return rule(ParamKind.of(parameter));
  }

  private Rule rule(ParamKind kind) {
    GaLoreSpec projected = galore;
    return projected != null && projected.covers(kind) ? projected.rule(this) : type.rule(this, kind);
  }

  /** Bytes of each tensor that the optimizer keeps in memory for a parameter; none where state is paged. */
  public List<Long> state(String name, long... shape) {
    return paged ? List.of() : rule(new ParamKind(name, shape.length == 2)).state(shape).stream().map(StateSpec::bytes).toList();
  }

  /** The rate to use: the given one, or the default of the tuner. */
  public double rate(boolean fullTuning) {
    return learningRate != null ? learningRate : fullTuning ? 1e-5 : 1e-4;
  }

  /** Sets the optimizer and drops the settings of the one before. Default: AdamW. */
  public OptimSpec type(OptimType value) {
    return new OptimSpec(
        value, Map.of(), learningRate, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm, galore, false);
  }

  /** Sets the optimizer by its Hugging Face or torch name. */
  public OptimSpec type(String name) {
    return type(OptimType.of(name)).paged(name.startsWith(OptimType.PAGED));
  }

  /** Puts the state into mapped files in the system's folder for temporary ones. Default: false. */
  public OptimSpec paged(boolean on) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm, galore, on);
  }

  /** The name by which {@link #type(String)} gives the same optimizer. */
  public String name() {
    return type.name(paged);
  }

  /** Sets what the optimizer takes beyond betas, epsilon and decay. Default: nothing. */
  public OptimSpec args(Map<String, Double> value) {
    OptimSpec changed =
        new OptimSpec(type, value, learningRate, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm, galore, paged);
    type.rule(changed);
    return changed;
  }

  /** Sets the peak rate. Default: 1e-4 for adapters, 1e-5 for full tuning. */
  public OptimSpec learningRate(@Nullable Double value) {
    return new OptimSpec(type, args, value, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm, galore, paged);
  }

  /** Sets both betas. Default: 0.9 and 0.95. */
  public OptimSpec betas(double first, double second) {
    return new OptimSpec(type, args, learningRate, first, second, epsilon, weightDecay, decayAll, maxGradNorm, galore, paged);
  }

  /** Sets epsilon. Default: 1e-8. */
  public OptimSpec epsilon(double value) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, value, weightDecay, decayAll, maxGradNorm, galore, paged);
  }

  /** Sets the weight decay. Default: 0.1. */
  public OptimSpec weightDecay(double value) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, epsilon, value, decayAll, maxGradNorm, galore, paged);
  }

  /** Decays norms and biases too. Default: false. */
  public OptimSpec decayAll(boolean on) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, epsilon, weightDecay, on, maxGradNorm, galore, paged);
  }

  /** Sets the clipping norm. Default: 1. 0 switches clipping off. */
  public OptimSpec maxGradNorm(double value) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, epsilon, weightDecay, decayAll, value, galore, paged);
  }

  /** Sets GaLore. Default: null, which is off. */
  public OptimSpec galore(@Nullable GaLoreSpec value) {
    return new OptimSpec(type, args, learningRate, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm, value, paged);
  }

  private static void check(String field, double value, boolean legal, String range) {
    if (!legal || !Double.isFinite(value)) {
      throw new InvalidPlanException("optim." + field + " is " + value + "; it must be " + range + ".");
    }
  }
}
