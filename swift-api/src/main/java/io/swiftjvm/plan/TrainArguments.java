package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.MAP;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.train.NonFinite;
import io.swiftjvm.train.optimizer.ScheduleSpec;
import io.swiftjvm.train.optimizer.ScheduleType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Arguments about loss, schedule, batches, evaluation and seeds. */
final class TrainArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("lr_scheduler_type", TEXT, "Learning-rate curve by its Hugging Face name.",
          s -> s.train().schedule().type().name().toLowerCase(Locale.ROOT),
          (s, v) -> s.train(t -> t.schedule(c -> c.type((String) v)))),
      Argument.of("lr_scheduler_kwargs", MAP, "What the curve takes beyond warm-up, as JSON.",
          s -> s.train().schedule().settings(), (s, v) -> s.train(t -> t.schedule(c -> c.settings(map((Map<?, ?>) v))))),
      Argument.of("warmup_steps", INTEGER, "Steps from 0 to the peak.", s -> s.train().schedule().warmupSteps(),
          (s, v) -> s.train(t -> t.schedule(c -> c.warmupSteps(toInt("warmup_steps", v))))),
      Argument.of("warmup_ratio", NUMBER, "The same as a share of all steps.",
          s -> s.train().schedule().warmupRatio(),
          (s, v) -> s.train(t -> t.schedule(c -> c.warmupRatio((Double) v)))),
      Argument.of("per_device_train_batch_size", INTEGER, "Rows (or packs) in a micro-batch.",
          s -> s.train().batch().perDevice(),
          (s, v) -> s.train(t -> t.batch(b -> b.perDevice(toInt("per_device_train_batch_size", v))))),
      Argument.of("gradient_accumulation_steps", INTEGER, "Micro-batches in a step; unset = ceil(16 / batch size).",
          s -> s.train().batch().accumulation(),
          (s, v) -> s.train(t -> t.batch(b -> b.accumulation(toInt("gradient_accumulation_steps", v))))),
      Argument.of("num_train_epochs", NUMBER, "Passes over the data.", s -> s.train().batch().epochs(),
          (s, v) -> s.train(t -> t.batch(b -> b.epochs((Double) v)))),
      Argument.of("max_steps", INTEGER, "Stop after this many steps; -1 or unset = by epochs.",
          s -> s.train().batch().maxSteps(), (s, v) -> s.train(t -> t.batch(b -> b.maxSteps(
              (Long) v == -1 ? null : Integer.valueOf(toInt("max_steps", v)))))),
      Argument.of("eval_steps", INTEGER, "Run validation data after every so many steps; 0 = only at the end.",
          s -> s.train().evalSteps(), (s, v) -> s.train(t -> t.evalSteps(toInt("eval_steps", v)))),
      Argument.of("logging_steps", INTEGER, "Steps in a line of the log.",
          s -> s.train().loggingSteps(), (s, v) -> s.train(t -> t.loggingSteps(toInt("logging_steps", v)))),
      Argument.of("seed", INTEGER, "Seeds adapter start and dropout.",
          s -> s.train().seed(), (s, v) -> s.train(t -> t.seed((Long) v))),
      Argument.of("data_seed", INTEGER, "Seeds the order of the data.",
          s -> s.train().dataSeed(), (s, v) -> s.train(t -> t.dataSeed((Long) v))),
      Argument.of("gradient_checkpointing", SWITCH, "Recompute activations in the backward pass to save memory.",
          s -> s.train().gradientCheckpointing(), (s, v) -> s.train(t -> t.gradientCheckpointing((Boolean) v))),
      Argument.of("recompute_granularity", TEXT,
          "With gradient_checkpointing: selective (norms and activations, no products) or full (whole blocks).",
          s -> s.train().granularity().name().toLowerCase(Locale.ROOT),
          (s, v) -> s.train(t -> t.granularity(granularity((String) v)))),
      Argument.of("label_smoothing_factor", NUMBER, "Share of the target that is spread over the vocabulary.",
          s -> s.train().loss().form().smoothing(), (s, v) -> s.train(t -> t.loss(l -> l.labelSmoothing((Double) v)))),
      Argument.of("enable_dft_loss", SWITCH, "Weigh each token by its own probability.",
          s -> s.train().loss().form().dynamic(), (s, v) -> s.train(t -> t.loss(l -> l.dft((Boolean) v)))),
      Argument.of("z_loss_coeff", NUMBER, "Weight of the squared log of the normaliser.",
          s -> s.train().loss().form().zWeight(), (s, v) -> s.train(t -> t.loss(l -> l.zLoss((Double) v)))),
      Argument.of("neftune_noise_alpha", NUMBER, "Noise on embeddings in training; 0 = off, 5 is typical.",
          s -> s.train().loss().neftune(), (s, v) -> s.train(t -> t.loss(l -> l.neftune((Double) v)))),
      Argument.of("non_finite", TEXT, "What a NaN does: stop or skip.",
          s -> s.train().nonFinite().name().toLowerCase(Locale.ROOT),
          (s, v) -> s.train(t -> t.nonFinite(nonFinite((String) v)))));

  private TrainArguments() {}

  /** A curve together with its settings: some need the other to be legal at all. */
  static Settings curve(Settings s, Object type, Object kwargs) {
    return s.train(t -> t.schedule(c ->
        new ScheduleSpec(ScheduleType.of((String) type), c.warmupSteps(), c.warmupRatio(), map((Map<?, ?>) kwargs))));
  }

  private static Recompute granularity(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "selective" -> Recompute.SELECTIVE;
      case "full" -> Recompute.FULL;
      default -> throw new InvalidPlanException("recompute_granularity is '" + name + "'; it must be selective or full. To "
          + "recompute nothing, set gradient_checkpointing to false.");
    };
  }

  private static NonFinite nonFinite(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "stop" -> NonFinite.STOP;
      case "skip" -> NonFinite.SKIP;
      default -> throw new InvalidPlanException("non_finite is '" + name + "'; it must be stop or skip.");
    };
  }

  private static Map<String, Object> map(Map<?, ?> given) {
    Map<String, Object> out = new LinkedHashMap<>();
    given.forEach((k, v) -> out.put(String.valueOf(k), v));
    return out;
  }
}
