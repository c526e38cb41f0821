package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Arrays;
import java.util.List;

/**
 * SHiRA (arXiv 2406.13175): trains {@code rank * (in + out)} single entries of the weight, chosen at random.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", ShiraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank entries as many as a LoRA of this rank has, 1 or more; 32 as in PEFT
 * @param seed of the choice; 0, PEFT has none
 * @param targets which projections
 */
public record ShiraSpec(int rank, long seed, LoraTargets targets) implements ProjectionSpec {
  /** As many entries as a LoRA of rank 32, all projections but the head. */
  public static final ShiraSpec DEFAULT = new ShiraSpec(32, 0, LoraTargets.ALL);

  static final String TYPE = "SHIRA";
  static final TunerMethod<ShiraSpec> METHOD = TunerMethod.of("shira", DEFAULT)
      .integer("shira_rank", "As many entries as a LoRA of this rank has.", ShiraSpec::rank, ShiraSpec::rank)
      .integer("shira_random_seed", "Seed of the choice of entries.", s -> Math.toIntExact(s.seed),
          (s, v) -> s.seed(v))
      .targets(ShiraSpec::targets, ShiraSpec::targets);

  public ShiraSpec {
    Ranges.atLeast("shira.rank", rank, 1);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("mask_type", "random");
    config.only("init_weights", "true", "false");
    return new ShiraSpec(config.integer("r", 32), config.integer("random_seed", 0), config.targets());
  }

  /** Sets rank: entries as many as a LoRA of this rank has, 1 or more; 32 as in PEFT. */
  public ShiraSpec rank(int value) {
    return new ShiraSpec(value, seed, targets);
  }

  /** Sets seed: of the choice; 0, PEFT has none. */
  public ShiraSpec seed(long value) {
    return new ShiraSpec(rank, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public ShiraSpec targets(LoraTargets value) {
    return new ShiraSpec(rank, seed, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("random_seed", seed);
    json.put("mask_type", "random");
  }

  @Override
  public void fit(Place place, boolean fresh) {
    long size = (long) place.in() * place.out();
    place.check((long) rank * (place.in() + place.out()) <= size && size <= Integer.MAX_VALUE,
        "rank " + rank + " asks for more entries than it has");
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.<long[]>of(new long[] {(long) rank * (place.in() + place.out())});
  }

  @Override
  public boolean dense() {
    return true;
  }

  @Override
  public LinearTuner at(Site site) {
    int count = Math.multiplyExact(rank, site.in() + site.out());
    Parameter values = site.learnt("shira_weight", Start.ZERO, count);
    int[] places = site.ints("shira_indices", () -> fresh(site, count), 2, count);
    int[] flat = new int[count];
    for (int i = 0; i < count; i++) {
      int row = places[i];
      int column = places[count + i];
      site.checkStored(row >= 0 && row < site.out() && column >= 0 && column < site.in(), "shira_indices",
          "names the entry (" + row + "," + column + ")");
      flat[i] = row * site.in() + column;
    }
    Tensor ids = site.constant(flat);
    return (LinearTuner.Delta) ops -> ops.reshape(
        Slices.scatterRows(ops, ops.reshape(values.value(), count, 1), ids, (long) site.in() * site.out()), site.out(), site.in());
  }

  private int[] fresh(Site site, int count) {
    int[] chosen = new TorchRandom(seed).permutation(site.in() * site.out(), count);
    Arrays.sort(chosen);
    int[] places = new int[2 * count];
    for (int i = 0; i < count; i++) {
      places[i] = chosen[i] / site.in();
      places[count + i] = chosen[i] % site.in();
    }
    return places;
  }
}
