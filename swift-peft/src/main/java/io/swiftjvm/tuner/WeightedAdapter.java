package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Makes one adapter out of several that are attached: a weighted mix, as PEFT's {@code add_weighted_adapter}.
 *
 * {@snippet :
 * LoraAdapter both = WeightedAdapter.add(model, "both", List.of("a", "b"), List.of(0.7, 0.3), AdapterMix.SVD, 1);
 * }
 */
public final class WeightedAdapter {
  private WeightedAdapter() {}

  /** One adapter's part in the mix at one projection, with weight times scale. */
  private record Share(double weight, int rank, float[] a, float[] b) {}

  /**
   * Attaches the mix under {@code name}; the sources stay.
   *
   * @param weights factor of each source; any finite number, above 0 unless the mix is CAT or SVD
   * @param density share of values that all but CAT, SVD and LINEAR keep, above 0 to 1
   */
  public static LoraAdapter add(
      CausalLm model, String name, List<String> sources, List<Double> weights, AdapterMix mix, double density) {
    check(sources, weights, mix, density);
    BaseChanges.checkAlone(model, false);
    List<LoraAdapter> adapters = sources.stream().map(source -> LoraAdapter.of(model, source)).toList();
    if (LoraAdapter.names(model).contains(name)) {
      throw new InvalidPlanException("An adapter named '" + name + "' is already attached. Give the mix another name.");
    }
    int[] ranks = adapters.stream().mapToInt(WeightedAdapter::rank).toArray();
    int rank = mix == AdapterMix.CAT ? Arrays.stream(ranks).sum() : Arrays.stream(ranks).max().orElse(0);
    if (mix != AdapterMix.CAT && mix != AdapterMix.SVD && Arrays.stream(ranks).distinct().count() > 1) {
      throw new InvalidPlanException("The mix " + mix + " needs adapters of equal rank, got " + Arrays.toString(ranks)
          + ". Use CAT or SVD.");
    }
    List<String> paths = model.linears().keySet().stream()
        .filter(path -> adapters.stream().anyMatch(adapter -> adapter.parts().containsKey(path))).toList();
    // alpha = rank: the weights are in the values already
    LoraSpec spec = LoraSpec.DEFAULT.rank(rank).alpha(rank).dropout(0).targets(paths.toArray(String[]::new));
    String legal = new LoraTransform(name, spec, 0).name();
    for (LoraLinear linear : LoraTransform.wrap(model, paths)) {
      List<Share> shares = shares(model, linear, adapters, weights);
      int in = Math.toIntExact(linear.inFeatures());
      int out = Math.toIntExact(linear.outFeatures());
      float[] a = new float[rank * in];
      float[] b = new float[out * rank];
      switch (mix) {
        case CAT -> cat(shares, a, b, rank);
        case SVD -> svd(shares, a, b, rank, in, out);
        case LINEAR, TIES, MAGNITUDE_PRUNE, DARE_LINEAR, DARE_TIES -> {
          average(shares.stream().map(Share::a).toList(), shares, a, mix, density, linear.path() + ".a");
          average(shares.stream().map(Share::b).toList(), shares, b, mix, density, linear.path() + ".b");
        }
      }
      linear.add(new LoraPart(legal, spec,
          LoraTransform.parameter(model, linear, legal, "lora_A", MemorySegment.ofArray(a), rank, in),
          LoraTransform.parameter(model, linear, legal, "lora_B", MemorySegment.ofArray(b), out, rank), null, 1, null,
          null, null));
    }
    return LoraAdapter.of(model, legal);
  }

  private static void check(List<String> sources, List<Double> weights, AdapterMix mix, double density) {
    boolean sums = mix == AdapterMix.CAT || mix == AdapterMix.SVD;
    if (sources.isEmpty() || sources.size() != weights.size()
        || weights.stream().anyMatch(w -> !Double.isFinite(w) || (!sums && w <= 0))) {
      throw new InvalidPlanException("A mix of " + sources + " was asked for with the weights " + weights
          + ". Give one finite weight for each adapter" + (sums ? "." : ", above 0 for " + mix + "."));
    }
    if (!(density > 0 && density <= 1)) {
      throw new InvalidPlanException("The density of a mix is " + density + "; it must be above 0 and at most 1.");
    }
  }

  private static int rank(LoraAdapter adapter) {
    return adapter.parts().values().stream().mapToInt(part -> (int) part.a().value().dim(0)).max().orElse(0);
  }

  private static List<Share> shares(
      CausalLm model, LoraLinear linear, List<LoraAdapter> adapters, List<Double> weights) {
    List<Share> shares = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      Map<String, LoraPart> parts = adapters.get(i).parts();
      LoraPart part = parts.get(linear.path());
      if (part != null) {
        if (part.bias() != null || part.start() != null || part.invocation() != null) {
          throw new InvalidPlanException("The adapter '" + part.adapter() + "' has "
              + (part.bias() != null ? "lora_bias" : part.start() != null ? "a start inside the weight (PiSSA, OLoRA)"
                  : "invocation tokens") + ", which cannot be mixed.");
        }
        shares.add(new Share(weights.get(i) * part.scale(), (int) part.a().value().dim(0),
            download(model, part.a().value()), download(model, part.b().value())));
      }
    }
    return shares;
  }

  private static float[] download(CausalLm model, Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    model.backend().download(tensor, MemorySegment.ofArray(values));
    return values;
  }

  private static void cat(List<Share> shares, float[] a, float[] b, int rank) {
    int at = 0;
    for (Share share : shares) {
      int in = share.a().length / share.rank();
      for (int i = 0; i < share.a().length; i++) {
        a[at * in + i] = (float) (share.weight() * share.a()[i]);
      }
      for (int i = 0; i < share.b().length; i++) {
        b[i / share.rank() * rank + at + i % share.rank()] = share.b()[i];
      }
      at += share.rank();
    }
  }

  private static void svd(List<Share> shares, float[] a, float[] b, int rank, int in, int out) {
    int k = shares.stream().mapToInt(Share::rank).sum();
    double[][] columns = new double[k][out];
    double[][] rows = new double[k][in];
    int at = 0;
    for (Share share : shares) {
      for (int r = 0; r < share.rank(); r++, at++) {
        for (int i = 0; i < out; i++) {
          columns[at][i] = share.weight() * share.b()[i * share.rank() + r];
        }
        for (int i = 0; i < in; i++) {
          rows[at][i] = share.a()[r * in + i];
        }
      }
    }
    LowRankSvd.Factors factors = LowRankSvd.truncate(columns, rows, rank);
    for (int r = 0; r < rank; r++) {
      for (int i = 0; i < in; i++) {
        a[r * in + i] = (float) factors.right()[r][i];
      }
      for (int i = 0; i < out; i++) {
        b[i * rank + r] = (float) factors.left()[r][i];
      }
    }
  }

  private static void average(
      List<float[]> values, List<Share> shares, float[] into, AdapterMix mix, double density, String where) {
    boolean signs = mix == AdapterMix.TIES || mix == AdapterMix.DARE_TIES;
    List<float[]> kept = new ArrayList<>();
    for (float[] value : values) {
      kept.add(switch (mix) {
        case TIES, MAGNITUDE_PRUNE -> prune(value, density);
        case DARE_LINEAR, DARE_TIES -> draw(value, density, Seeds.of(kept.size(), where));
        case LINEAR, CAT, SVD -> value;
      });
    }
    for (int i = 0; i < into.length; i++) {
      double plain = 0;
      for (float[] v : kept) {
        plain += v[i];
      }
      double sum = 0;
      int count = 0;
      for (int s = 0; s < kept.size(); s++) {
        float v = kept.get(s)[i];
        if (!signs || Math.signum(v) == (plain >= 0 ? 1 : -1)) {
          sum += v * Math.sqrt(shares.get(s).weight());
          count++;
        }
      }
      into[i] = (float) (signs ? sum / Math.max(1, count) : sum);
    }
  }

  /** Keeps each value with probability {@code density} and divides it by that, so that the mean stays. */
  private static float[] draw(float[] values, double density, Seeds random) {
    float[] drawn = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      drawn[i] = random.uniform() < density ? (float) (values[i] / density) : 0;
    }
    return drawn;
  }

  /** Zeroes all but the {@code density} largest magnitudes. */
  private static float[] prune(float[] values, double density) {
    int keep = (int) (density * values.length);
    int[] order = IntStream.range(0, values.length).boxed()
        .sorted((i, j) -> Float.compare(Math.abs(values[j]), Math.abs(values[i])))
        .mapToInt(Integer::intValue).toArray();
    float[] pruned = new float[values.length];
    for (int i = 0; i < keep; i++) {
      pruned[order[i]] = values[order[i]];
    }
    return pruned;
  }
}
