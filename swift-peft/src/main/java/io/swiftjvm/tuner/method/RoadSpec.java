package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * RoAd (arXiv 2409.00119): scales and rotates pairs of outputs, {@code y' = a cos(t) * y + a sin(t) * rotated(y)}; the
 * two halves of each group of outputs make up the pairs. Variant 1 trains one angle and factor for a pair, 2 for each
 * of its outputs, 4 for each of both terms.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", RoadSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param variant 1, 2 or 4; 1 as in PEFT
 * @param groupSize an even divisor of the outputs; 64 as in PEFT
 * @param targets which projections
 */
public record RoadSpec(int variant, int groupSize, LoraTargets targets) implements ProjectionSpec {
  /** Variant 1, groups of 64, all projections but the head. */
  public static final RoadSpec DEFAULT = new RoadSpec(1, 64, LoraTargets.ALL);

  static final String TYPE = "ROAD";
  static final TunerMethod<RoadSpec> METHOD = TunerMethod.of("road", DEFAULT)
      .integer("road_variant", "1, 2 or 4.", RoadSpec::variant, RoadSpec::variant)
      .integer("road_group_size", "An even divisor of the outputs.", RoadSpec::groupSize, RoadSpec::groupSize)
      .targets(RoadSpec::targets, RoadSpec::targets);

  public RoadSpec {
    Ranges.check(variant == 1 || variant == 2 || variant == 4,
        "road.variant is " + variant + "; it must be 1, 2 or 4.");
    Ranges.check(groupSize > 0 && groupSize % 2 == 0, "road.groupSize is " + groupSize + "; it must be even.");
  }

  static TunerSpec read(ConfigReader config) {
    config.only("variant", "road_1", "road_2", "road_4");
    config.only("init_weights", "true", "false");
    String variant = config.text("variant", "road_1");
    return new RoadSpec(Integer.parseInt(variant.substring("road_".length())), config.integer("group_size", 64),
        config.targets());
  }

  /** Sets variant: 1, 2 or 4; 1 as in PEFT. */
  public RoadSpec variant(int value) {
    return new RoadSpec(value, groupSize, targets);
  }

  /** Sets groupSize: an even divisor of the outputs; 64 as in PEFT. */
  public RoadSpec groupSize(int value) {
    return new RoadSpec(variant, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public RoadSpec targets(LoraTargets value) {
    return new RoadSpec(variant, groupSize, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("variant", "road_" + variant);
    json.put("group_size", groupSize);
  }

  @Override
  public void fit(Place place, boolean fresh) {
    place.check(place.out() % groupSize == 0, "groups of " + groupSize + " do not divide its outputs");
  }

  @Override
  public List<long[]> shapes(Place place) {
    long size = (long) place.out() * variant / 2;
    return List.of(new long[] {size}, new long[] {size});
  }

  @Override
  public LinearTuner at(Site site) {
    int size = site.out() * variant / 2;
    Parameter theta = site.learnt("road_theta", Start.ZERO, size);
    Parameter alpha = site.learnt("road_alpha", Start.ONE, size);
    float[] signs = new float[site.out()];
    int[] first = new int[site.out()];
    int[] second = new int[site.out()];
    int[] partner = new int[site.out()];
    int half = groupSize / 2;
    for (int i = 0; i < site.out(); i++) {
      int group = i / groupSize;
      boolean upper = i % groupSize < half;
      signs[i] = upper ? -1 : 1;
      partner[i] = upper ? i + half : i - half;
      first[i] = variant == 1 ? group * half + i % half : variant == 2 ? i : i + group * groupSize;
      second[i] = variant == 4 ? first[i] + groupSize : first[i];
    }
    return new Rotation(theta, alpha, site.constant(first), site.constant(second), site.constant(partner),
        site.constant(signs, site.out()), half);
  }

  /** The pairs of outputs at work. */
  private record Rotation(
      Parameter theta, Parameter alpha, Tensor first, Tensor second, Tensor partner, Tensor signs, int half)
      implements LinearTuner {
    @Override
    public Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      Tensor y = call.inner(x);
      Tensor swapped = swapHalves(ops, y);
      return ops.add(Broadcasts.multiplyRow(ops, y, along(ops)), Broadcasts.multiplyRow(ops, swapped, across(ops)));
    }

    private Tensor swapHalves(Ops ops, Tensor y) {
      int[] order = new int[Math.toIntExact(y.size() / half)];
      for (int i = 0; i < order.length; i++) {
        order[i] = i ^ 1;
      }
      return Layouts.gather(ops, y, Layouts.ids(ops, order), y.shape());
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      Tensor swapped = ops.selectRows(w, partner);
      return ops.add(
          Broadcasts.multiplyColumn(ops, w, along(ops)), Broadcasts.multiplyColumn(ops, swapped, across(ops)));
    }

    @Override
    public Tensor bias(Ops ops, Tensor b) {
      return weight(ops, b.view(b.size(), 1));
    }

    private Tensor along(Ops ops) {
      Tensor cos = HostMath.map(ops, theta.value(), Math::cos, t -> -Math.sin(t));
      return Layouts.gather(ops, ops.multiply(alpha.value(), cos), first, first.size());
    }

    private Tensor across(Ops ops) {
      Tensor sin = HostMath.map(ops, theta.value(), Math::sin, Math::cos);
      Tensor chosen = Layouts.gather(ops, ops.multiply(alpha.value(), sin), second, second.size());
      return ops.multiply(chosen, signs);
    }
  }
}
