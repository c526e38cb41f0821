package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Bottleneck adapters (arXiv 1902.00751): behind the last projection of every feed-forward part
 * {@code y + L2 act(L1 y)}, with biases. As in ms-swift it does not start at nothing.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", AdapterSpec.DEFAULT.length(64), 42).attach(model);
 * }
 *
 * @param length width between L1 and L2, 1 or more; 128 as in ms-swift
 * @param activation gelu, relu, silu, tanh or sigmoid; gelu as in ms-swift
 * @param targets behind which projections; those that end a feed-forward part, experts aside
 */
public record AdapterSpec(int length, String activation, LoraTargets targets) implements ProjectionSpec {
  private static final Set<Unary> ACTIVATIONS =
      Set.of(Unary.GELU, Unary.RELU, Unary.SILU, Unary.TANH, Unary.SIGMOID);

  /** Width 128 behind every feed-forward part. */
  public static final AdapterSpec DEFAULT = new AdapterSpec(
      128, "gelu", LoraTargets.matching(".*\\.(mlp|feed_forward)\\.(down_proj|c_proj|w2)"));

  static final String TYPE = "ADAPTER";
  static final TunerMethod<AdapterSpec> METHOD = TunerMethod.of("adapter", DEFAULT)
      .integer("adapter_length", "Width of the adapter.", AdapterSpec::length, AdapterSpec::length)
      .text("adapter_act", "gelu, relu, silu, tanh or sigmoid.", AdapterSpec::activation, AdapterSpec::activation)
      .targets(AdapterSpec::targets, AdapterSpec::targets);

  public AdapterSpec {
    Ranges.atLeast("adapter_length", length, 1);
    unary(activation);
  }

  private static Unary unary(String name) {
    return ACTIVATIONS.stream().filter(unary -> unary.name().equals(name.toUpperCase(Locale.ROOT))).findFirst()
        .orElseThrow(() -> new InvalidPlanException(
            "adapter_act is '" + name + "'; it must be gelu, relu, silu, tanh or sigmoid."));
  }

  static TunerSpec read(ConfigReader config) {
    return new AdapterSpec(
        config.integer("adapter_length", 128), config.text("act_layer", "gelu"), config.targets());
  }

  /** Sets the width. Default: 128. Legal: 1 or more. */
  public AdapterSpec length(int value) {
    return new AdapterSpec(value, activation, targets);
  }

  /** Sets the activation. Default: gelu. */
  public AdapterSpec activation(String value) {
    return new AdapterSpec(length, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public AdapterSpec targets(LoraTargets value) {
    return new AdapterSpec(length, activation, value);
  }

  @Override
  public String unmergeable() {
    return "is a network of its own behind the feed-forward parts";
  }

  @Override
  public void write(ObjectNode json) {
    json.put("adapter_length", length);
    json.put("act_layer", activation);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {length, place.out()}, new long[] {length}, new long[] {place.out(), length},
        new long[] {place.out()});
  }

  @Override
  public LinearTuner at(Site site) {
    // Xavier: the same bound on both ways.
    Start weight = Start.uniform(Math.sqrt(6.0 / (site.out() + length)));
    Start bias = Start.normal(1e-6);
    Parameter down = site.learnt("adapter.linear1.weight", weight, length, site.out());
    Parameter first = site.learnt("adapter.linear1.bias", bias, length);
    Parameter up = site.learnt("adapter.linear2.weight", weight, site.out(), length);
    Parameter second = site.learnt("adapter.linear2.bias", bias, site.out());
    return new Bottleneck(unary(activation), down, first, up, second);
  }

  private record Bottleneck(Unary activation, Parameter down, Parameter first, Parameter up, Parameter second)
      implements LinearTuner {
    @Override
    public Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      Tensor y = call.inner(x);
      Tensor h = ops.activation(activation, ops.linear(y, down.value(), first.value()));
      return ops.add(y, ops.linear(h, up.value(), second.value()));
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      throw new IllegalStateException("a bottleneck adapter is no part of a weight");
    }
  }
}
