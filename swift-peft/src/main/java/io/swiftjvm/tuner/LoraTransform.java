package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Puts a fresh trainable adapter beside the chosen projections. The model's answers do not change by it (but with
 * {@link LoraInit#LOFTQ} and {@link LoraInit#RANDOM}): the update starts at zero. A transform must not run while the model is in use by another thread.
 *
 * @param name the adapter's name; passes choose adapters by it
 * @param spec what to attach
 * @param seed seeds A; the start values of a module depend on seed and module path alone
 */
public record LoraTransform(String name, LoraSpec spec, long seed) implements ModelTransform {
  /** The name that a pass uses unless told otherwise. */
  public static final String DEFAULT_NAME = "default";

  public LoraTransform {
    Adapters.checkName(name);
  }

  /** An adapter called {@code default}. */
  public LoraTransform(LoraSpec spec, long seed) {
    this(DEFAULT_NAME, spec, seed);
  }

  @Override
  public void apply(CausalLm model) {
    attach(model);
  }

  /** Attaches and returns the handle by which the adapter is trained and saved. */
  public LoraAdapter attach(CausalLm model) {
    return attach(model, Map.of());
  }

  /** {@link #attach(CausalLm)} with the gradients of the weights by path, for {@link LoraInit#LORA_GA}. */
  public LoraAdapter attach(CausalLm model, Map<String, Tensor> gradients) {
    String problem = spec.problem();
    if (problem != null) {
      throw new InvalidPlanException(problem);
    }
    spec.attention().check(model.config());
    BaseChanges changes = BaseChanges.fresh(model, spec);
    boolean quantises = spec.init() == LoraInit.LOFTQ;
    BaseChanges.checkAlone(model, quantises || !changes.isEmpty());
    Map<String, Linear> linears = model.linears();
    List<String> paths = spec.select(List.copyOf(linears.keySet()));
    spec.checkRanks(paths, path -> {
      Linear linear = Objects.requireNonNull(linears.get(path));
      return new long[] {linear.outFeatures(), linear.inFeatures()};
    });
    List<LoraLinear> chosen = wrap(model, paths);
    if (quantises) {
      chosen.forEach(linear -> LoftqStart.check(linear, spec.rankOf(linear.path()), spec.scaleOf(linear.path())));
    }
    for (LoraLinear linear : chosen) {
      int rank = spec.rankOf(linear.path());
      float scale = spec.scaleOf(linear.path());
      LoraStart start;
      if (quantises) {
        LoftqStart.Made made = spec.loftq().make(model, linear, rank, scale, false);
        changes.pack(linear.base().weight(), made.weight());
        start = made.factors();
      } else {
        start = spec.init() == LoraInit.LORA_GA
            ? LoraStart.gradient(model, linear, gradient(gradients, linear), rank, scale, spec.gradient(), seed)
            : LoraStart.of(model, linear, spec.init(), rank, scale);
      }
      float[] a = start == null ? new float[Math.toIntExact(rank * linear.inFeatures())] : start.a().toFloats();
      if (start == null) {
        spec.init().fill(a, rank, linear.inFeatures(), Seeds.of(seed, linear.path()));
      }
      float[] b = start == null ? new float[Math.toIntExact(rank * linear.outFeatures())] : start.b().toFloats();
      if (start == null) {
        spec.init().fillB(b, rank, Seeds.of(seed, linear.path() + ".lora_B"));
      }
      Parameter left = parameter(model, linear, name, "lora_A", MemorySegment.ofArray(a), rank, linear.inFeatures());
      Parameter right = parameter(model, linear, name, "lora_B", MemorySegment.ofArray(b), linear.outFeatures(), rank);
      left.trainable(!spec.freezeA());
      right.trainable(true);
      linear.add(new LoraPart(name, spec, left, right, null, scale, quantises ? null : start, null,
          changes.isEmpty() ? null : changes));
    }
    changes.apply(true);
    return LoraAdapter.of(model, name);
  }

  private static Tensor gradient(Map<String, Tensor> gradients, LoraLinear linear) {
    Tensor gradient = gradients.get(linear.path());
    if (gradient == null) {
      throw new InvalidPlanException("init_weights is lora-ga, which starts from gradients, and there is none for "
          + linear.path() + ". Collect them with GradientEstimate, or use another start.");
    }
    return gradient;
  }

  /** The projections at {@code paths}, wrapped where they are not yet. */
  static List<LoraLinear> wrap(CausalLm model, List<String> paths) {
    List<String> order = List.copyOf(model.linears().keySet());
    List<LoraLinear> wrapped = new ArrayList<>();
    Adapters.checkTied(model, paths);
    for (String path : paths) {
      model.replaceLinear(path, linear -> {
        LoraLinear lora = LoraLinear.in(linear);
        if (lora == null) {
          lora = new LoraLinear(linear, path, order.indexOf(path));
          wrapped.add(lora);
          return lora;
        }
        wrapped.add(lora);
        return linear;
      });
    }
    return wrapped;
  }

  static Parameter parameter(
      CausalLm model, LoraLinear linear, String adapter, String kind, MemorySegment values, long... shape) {
    Tensor tensor = model.scope().floats(shape);
    model.backend().upload(values, tensor);
    return new Parameter(linear.path() + "." + kind + "." + adapter + ".weight", tensor);
  }
}
