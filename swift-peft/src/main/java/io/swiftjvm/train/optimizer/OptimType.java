package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.optimizer.rule.Adadelta;
import io.swiftjvm.train.optimizer.rule.Adafactor;
import io.swiftjvm.train.optimizer.rule.AdafactorTorch;
import io.swiftjvm.train.optimizer.rule.Adagrad;
import io.swiftjvm.train.optimizer.rule.Adam;
import io.swiftjvm.train.optimizer.rule.AdamW;
import io.swiftjvm.train.optimizer.rule.AdamW8Bit;
import io.swiftjvm.train.optimizer.rule.AdamWHalf;
import io.swiftjvm.train.optimizer.rule.Adamax;
import io.swiftjvm.train.optimizer.rule.Asgd;
import io.swiftjvm.train.optimizer.rule.Lion;
import io.swiftjvm.train.optimizer.rule.Muon;
import io.swiftjvm.train.optimizer.rule.NAdam;
import io.swiftjvm.train.optimizer.rule.RAdam;
import io.swiftjvm.train.optimizer.rule.RmsProp;
import io.swiftjvm.train.optimizer.rule.Rprop;
import io.swiftjvm.train.optimizer.rule.Rule;
import io.swiftjvm.train.optimizer.rule.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The optimizers by their Hugging Face or torch names. Betas and epsilon of the Adam family are those of {@link
 * OptimSpec}; everything else is in its settings, which begin at torch's defaults (0 and 1 stand for false and true).
 * Those whose names begin with {@code paged_} keep their state in mapped files.
 */
public enum OptimType {
  /** {@link AdamW}. */
  ADAMW(List.of("adamw", "adamw_torch", "adamw_torch_fused", "paged_adamw", "paged_adamw_32bit"), "", o -> adamW(o.spec())),
  /** {@link AdamW8Bit}. */
  ADAMW_8BIT(List.of("adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit"), "",
      o -> new AdamW8Bit(o.spec().beta1(), o.spec().beta2(), o.spec().epsilon())),
  /** {@link AdamWHalf}. */
  ADAMW_BF16(List.of("adamw_bf16"), "", o -> new AdamWHalf(adamW(o.spec()))),
  /** {@link Adam}, decoupled, with AMSGrad. */
  ADAMW_AMSGRAD(List.of("adamw_amsgrad"), "", o -> adam(o, true, true)),
  /** {@link Adam} with L2 decay. */
  ADAM(List.of("adam"), "amsgrad=0", o -> adam(o, false, o.on("amsgrad"))),
  /** {@link Sgd}. */
  SGD(List.of("sgd"), "momentum=0 nesterov=0", o -> new Sgd(o.part("momentum"), o.on("nesterov"))),
  /** {@link RmsProp}. */
  RMSPROP(List.of("rmsprop"), "alpha=0.99 eps=1e-8 momentum=0 centered=0",
      o -> new RmsProp(o.part("alpha"), o.positive("eps"), o.part("momentum"), o.on("centered"))),
  /** {@link Adagrad}. */
  ADAGRAD(List.of("adagrad"), "lr_decay=0 initial_accumulator_value=0 eps=1e-10",
      o -> new Adagrad(o.get("lr_decay"), o.get("initial_accumulator_value"), o.positive("eps"))),
  /** {@link Adadelta}. */
  ADADELTA(List.of("adadelta"), "rho=0.9 eps=1e-6", o -> new Adadelta(o.part("rho"), o.positive("eps"))),
  /** {@link Adamax}. */
  ADAMAX(List.of("adamax"), "", o -> new Adamax(o.spec().beta1(), o.spec().beta2(), o.spec().epsilon())),
  /** {@link NAdam}. */
  NADAM(List.of("nadam"), "momentum_decay=0.004",
      o -> new NAdam(o.spec().beta1(), o.spec().beta2(), o.spec().epsilon(), o.get("momentum_decay"))),
  /** {@link RAdam}. */
  RADAM(List.of("radam"), "", o -> new RAdam(o.spec().beta1(), o.spec().beta2(), o.spec().epsilon())),
  /** {@link Rprop}. */
  RPROP(List.of("rprop"), "eta_minus=0.5 eta_plus=1.2 min_step=1e-6 max_step=50", o -> new Rprop(
      o.part("eta_minus"), o.positive("eta_plus"), o.positive("min_step"), o.positive("max_step"))),
  /** {@link Asgd}. */
  ASGD(List.of("asgd"), "lambd=1e-4 alpha=0.75 t0=1e6", o -> new Asgd(o.get("lambd"), o.get("alpha"), o.get("t0"))),
  /** {@link Adafactor}, as transformers runs it. */
  ADAFACTOR(List.of("adafactor"), "eps=1e-30 clip_threshold=1 decay_rate=-0.8", o -> new Adafactor(
      o.positive("eps"), o.positive("clip_threshold"), o.negative("decay_rate"))),
  /** {@link AdafactorTorch}. */
  ADAFACTOR_TORCH(List.of("adafactor_torch"), "eps2=1e-3 d=1 beta2_decay=-0.8", o -> new AdafactorTorch(
      o.positive("eps2"), o.positive("d"), o.negative("beta2_decay"))),
  /** {@link Lion}. */
  LION(List.of("lion", "lion_32bit", "paged_lion", "paged_lion_32bit"), "", o -> new Lion(o.spec().beta1(), o.spec().beta2())),
  /** {@link Muon} on matrices; {@link AdamW} on vectors, embeddings and output heads. */
  MUON(List.of("muon"), "momentum=0.95 nesterov=1 ns_steps=5 eps=1e-7 match_rms_adamw=1", o -> new Muon(
      o.part("momentum"), o.on("nesterov"), (int) o.positive("ns_steps"), o.positive("eps"), o.on("match_rms_adamw")));

  /** How the names of optimizers begin whose state is paged. */
  static final String PAGED = "paged_";

  /** Settings and the numbers given for them. */
  private interface Maker {
    Rule make(OptimSettings settings);
  }

  private final List<String> names;
  private final Map<String, Double> defaults;
  private final Maker maker;

  OptimType(List<String> names, String defaults, Maker maker) {
    this.names = names;
    this.defaults = Stream.of(defaults.split(" ")).filter(s -> !s.isEmpty()).map(s -> s.split("=", 2))
        .collect(Collectors.toUnmodifiableMap(pair -> pair[0], pair -> Double.valueOf(pair[1])));
    this.maker = maker;
  }

  /** The optimizer of a name; {@link InvalidPlanException} lists those that there are. */
  public static OptimType of(String name) {
    for (OptimType type : values()) {
      if (type.names.contains(name)) {
        return type;
      }
    }
    throw new InvalidPlanException("optim is '" + name + "'; it must be one of "
        + Arrays.stream(values()).flatMap(type -> type.names.stream()).collect(Collectors.joining(", ")) + ".");
  }

  /** Its first name, of the form whose state is paged or of the other. */
  String name(boolean paged) {
    return names.stream().filter(name -> name.startsWith(PAGED) == paged).findFirst()
        .orElseThrow(() -> new InvalidPlanException("optim " + this + " has no paged form; adamw, adamw_8bit and lion have."));
  }

  /** What it moves a parameter by. */
  Rule rule(OptimSpec spec, ParamKind kind) {
    return this == MUON && !kind.hidden() ? adamW(spec) : rule(spec);
  }

  /** Its rule for parameters in general; {@link InvalidPlanException} names a bad setting. */
  Rule rule(OptimSpec spec) {
    return maker.make(new OptimSettings(this, spec, defaults));
  }

  private static AdamW adamW(OptimSpec spec) {
    return new AdamW(spec.beta1(), spec.beta2(), spec.epsilon());
  }

  private static Rule adam(OptimSettings o, boolean decoupled, boolean amsgrad) {
    return new Adam(o.spec().beta1(), o.spec().beta2(), o.spec().epsilon(), decoupled, amsgrad);
  }

  /** The first of its names. */
  @Override
  public String toString() {
    return names.getFirst();
  }
}
