package io.swiftjvm.train;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.objective.Measure;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.tuner.Seeds;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Forward and backward passes of one step, and the arithmetic on its gradients. */
final class StepRunner implements AutoCloseable {
  /** What a step found before anything was updated. */
  record Found(double loss, double units, long tokens) {}

  private final TrainedWeights weights;
  private final CausalLm model;
  private final Backend backend;
  private final List<Parameter> parameters;
  private final List<String> adapters;
  private final Objective objective;
  private final TrainSpec spec;
  private final Gradients gradients;
  private final ChannelLoss channels = new ChannelLoss();
  private final LossScaler scaler;

  StepRunner(TrainJob job) {
    scaler = new LossScaler(job.spec().lossScaling());
    weights = job.weights();
    model = job.weights().model();
    backend = model.backend();
    parameters = job.weights().parameters();
    adapters = job.weights().adapters();
    objective = job.objective();
    spec = job.spec();
    gradients = new Gradients(backend);
  }

  Gradients gradients() {
    return gradients;
  }

  /** By what the gradients are larger than those of the loss. */
  LossScaler scaler() {
    return scaler;
  }

  /** Runs all micro-batches of a step; their gradients add up in {@link #gradients()}. */
  Found accumulate(int step, List<Batch> micro) {
    double units = 0;
    long tokens = 0;
    for (Batch batch : micro) {
      units += objective.units(batch);
      tokens += batch.ids().length;
    }
    double loss = 0;
    if (units > 0) {
      for (int i = 0; i < micro.size(); i++) {
        if (objective.units(micro.get(i)) > 0) {
          loss += backward(micro.get(i), units, Seeds.mix(spec.seed(), step, i));
        }
      }
      loss += penalise();
      weights.differentiated(gradients);
    }
    return new Found(loss, units, tokens);
  }

  private double backward(Batch plain, double units, long dropoutKey) {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
      Batch batch = weights.batch(plain);
      Pass pass = weights.pass(new Pass(new Ops(backend, tape, scope), AttentionContext.packed(batch.cuSeqlens()),
          adapters, dropoutKey, spec.recompute()), batch);
      Objective.Outcome outcome = objective.loss(model, pass, batch, units);
      if (outcome.loss().requiresGrad() && Double.isFinite(outcome.value())) {
        Tensor seed = scope.floats(1);
        backend.fill(seed, scaler.scale());
        tape.backward(outcome.loss(), seed, gradients);
      }
      if (outcome.nll().length > 0) {
        channels.add(batch, outcome.nll());
      }
      return outcome.value();
    }
  }

  /** The loss by channel since the last call. */
  ChannelLoss channels() {
    return channels;
  }

  /** Adds the gradient of what the method itself asks for; it is 0 for most. */
  private double penalise() {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
      Tensor penalty = weights.penalty(new Ops(backend, tape, scope));
      if (penalty == null) {
        return 0;
      }
      float[] value = new float[1];
      backend.download(penalty.detached(), MemorySegment.ofArray(value));
      Tensor seed = scope.floats(1);
      backend.fill(seed, scaler.scale());
      tape.backward(penalty, seed, gradients);
      return value[0];
    }
  }

  /** Norm over all gradients of the loss, in the order of the parameters. */
  double norm() {
    List<Tensor> all = new ArrayList<>();
    for (Parameter parameter : parameters) {
      Tensor gradient = gradients.get(parameter.value());
      if (gradient != null) {
        all.add(gradient);
      }
    }
    return Math.sqrt(backend.sumSquares(all)) / scaler.scale();
  }

  /** The factor that clips to {@code maxNorm}, as torch's clip_grad_norm_ computes it. */
  static float clip(double norm, double maxNorm) {
    return maxNorm > 0 ? (float) Math.min(1, maxNorm / (norm + 1e-6)) : 1;
  }

  /** Name of the first parameter whose gradient is not finite, or null. */
  @Nullable String firstBadGradient() {
    for (Parameter parameter : parameters) {
      Tensor gradient = gradients.get(parameter.value());
      if (gradient != null && !backend.isFinite(gradient)) {
        return parameter.name();
      }
    }
    return null;
  }

  /** What is not finite first in a step that went wrong: a weight of the model, else a gradient, else the loss. */
  String firstBad() {
    String weight = firstBad(model.parameters());
    if (weight != null) {
      return "first bad weight " + weight;
    }
    String gradient = firstBadGradient();
    return gradient != null ? "first bad gradient " + gradient : "no bad weight or gradient: the loss itself is bad";
  }

  /** Name of the first trained parameter that is not finite, or null. */
  @Nullable String firstBadWeight() {
    return firstBad(parameters);
  }

  private @Nullable String firstBad(List<Parameter> all) {
    for (Parameter parameter : all) {
      if (!finite(parameter.value())) {
        return parameter.name();
      }
    }
    return null;
  }

  private boolean finite(Tensor value) {
    if (value.dtype() == DType.F32 || !value.dtype().isFloat()) {
      // Codes of quantised weights are always numbers.
      return value.dtype() != DType.F32 || backend.isFinite(value);
    }
    try (Scope scope = new Scope(backend)) {
      Tensor wide = scope.floats(value.shape());
      backend.cast(value.detached(), wide);
      return backend.isFinite(wide);
    }
  }

  /** Mean loss over validation batches, without dropout and recording. */
  TrainEvent.Evaluated evaluate(int step, List<Batch> batches) {
    double sum = 0;
    double units = 0;
    Measure measure = objective.measure();
    for (Batch plain : batches) {
      Batch batch = weights.batch(plain);
      double here = objective.units(batch);
      if (here > 0) {
        try (Scope scope = new Scope(backend)) {
          Pass pass = weights.pass(new Pass(
              new Ops(backend, null, scope), AttentionContext.packed(batch.cuSeqlens()), adapters, 0), batch);
          sum += objective.validate(model, pass, batch, measure).value();
          units += here;
        }
      }
    }
    return new TrainEvent.Evaluated(step, sum / units, units, measure.values());
  }

  void clear() {
    gradients.clear();
  }

  @Override
  public void close() {
    gradients.close();
  }
}
