package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Seeds;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * VeRA (arXiv 2310.11454): {@code y = W x + b * (B (d * (A x)))}; A and B are random, frozen and shared by all
 * projections, which take the part that fits them; only the vectors b (out) and d (rank) are trained.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", VeraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank rows of A, 1 or more; 256 as in ms-swift and PEFT
 * @param dropout on the input in training; 0 as in ms-swift and PEFT
 * @param initialD start of d; 0.1 as in ms-swift and PEFT
 * @param key seeds A and B, which depend on nothing else; 0 as in ms-swift and PEFT
 * @param targets which projections
 */
public record VeraSpec(int rank, double dropout, double initialD, int key, LoraTargets targets) implements ProjectionSpec {
  /** Rank 256, no dropout, all projections but the head. */
  public static final VeraSpec DEFAULT = new VeraSpec(256, 0, 0.1, 0, LoraTargets.ALL);

  static final String TYPE = "VERA";
  static final TunerMethod<VeraSpec> METHOD = TunerMethod.of("vera", DEFAULT)
      .integer("vera_rank", "Rows of the shared A.", VeraSpec::rank, VeraSpec::rank)
      .number("vera_dropout", "Share of inputs zeroed in training.", VeraSpec::dropout, VeraSpec::dropout)
      .number("vera_d_initial", "Start of d.", VeraSpec::initialD, VeraSpec::initialD)
      .integer("vera_projection_prng_key", "Seeds A and B.", VeraSpec::key, VeraSpec::key)
      .targets(VeraSpec::targets, VeraSpec::targets);

  public VeraSpec {
    Ranges.atLeast("vera.rank", rank, 1);
    Ranges.dropout("vera.dropout", dropout);
    Ranges.scale("vera.initialD", initialD);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    if (!config.flag("save_projection", true)) {
      throw config.refusal("save_projection", "the file lacks A and B; save it again with save_projection=True");
    }
    return new VeraSpec(config.integer("r", 256), config.number("vera_dropout", 0), config.number("d_initial", 0.1),
        config.integer("projection_prng_key", 0), config.targets());
  }

  /** Sets rank: rows of A, 1 or more; 256 as in ms-swift and PEFT. */
  public VeraSpec rank(int value) {
    return new VeraSpec(value, dropout, initialD, key, targets);
  }

  /** Sets dropout: on the input in training; 0 as in ms-swift and PEFT. */
  public VeraSpec dropout(double value) {
    return new VeraSpec(rank, value, initialD, key, targets);
  }

  /** Sets initialD: start of d; 0.1 as in ms-swift and PEFT. */
  public VeraSpec initialD(double value) {
    return new VeraSpec(rank, dropout, value, key, targets);
  }

  /** Sets key: seeds A and B; 0 as in ms-swift and PEFT. */
  public VeraSpec key(int value) {
    return new VeraSpec(rank, dropout, initialD, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public VeraSpec targets(LoraTargets value) {
    return new VeraSpec(rank, dropout, initialD, key, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("vera_dropout", dropout);
    json.put("d_initial", initialD);
    json.put("projection_prng_key", key);
    json.put("save_projection", true);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {rank}, new long[] {place.out()});
  }

  @Override
  public LinearTuner at(Site site) {
    long[] storedA = site.storedShared("vera_A");
    long[] storedB = site.storedShared("vera_B");
    long in = storedA != null && storedA.length == 2 ? Math.max(storedA[1], site.in()) : site.largest(Site::in);
    long out = storedB != null && storedB.length == 2 ? Math.max(storedB[0], site.out()) : site.largest(Site::out);
    Parameter a = site.shared("vera_A", false, keyed("vera_A", Math.sqrt(6.0 / in)), rank, in);
    Parameter b = site.shared("vera_B", false, keyed("vera_B", Math.sqrt(6.0 / rank)), out, rank);
    Parameter d = site.learnt("vera_lambda_d", Start.constant(initialD), rank);
    Parameter scale = site.learnt("vera_lambda_b", Start.ZERO, site.out());
    return new LinearTuner.Path(dropout, (ops, x) -> {
      Tensor left = in == site.in() ? a.value() : Slices.columns(ops, a.value(), 0, site.in());
      Tensor h = Broadcasts.multiplyRow(ops, ops.linear(x, left, null), d.value());
      return Broadcasts.multiplyRow(ops, ops.linear(h, b.value().slice(0, site.out()), null), scale.value());
    });
  }

  private Start keyed(String name, double bound) {
    return (values, shape, random) -> Start.uniform(bound).fill(values, shape, Seeds.of(key, name));
  }
}
