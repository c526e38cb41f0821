package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * (IA)^3 (arXiv 2205.05638): one trained factor for each output, {@code y = l * (W x)}, or in feed-forward projections
 * for each input, {@code y = W (l * x)}.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", Ia3Spec.DEFAULT, 42).attach(model);
 * }
 *
 * @param feedForward names of the targets whose inputs are scaled; down_proj, which PEFT takes for most models
 * @param targets which projections
 */
public record Ia3Spec(List<String> feedForward, LoraTargets targets) implements ProjectionSpec {
  /** Keys, values and the last feed-forward projection. */
  public static final Ia3Spec DEFAULT =
      new Ia3Spec(List.of("down_proj"), LoraTargets.of("k_proj", "v_proj", "down_proj"));

  static final String TYPE = "IA3";
  static final TunerMethod<Ia3Spec> METHOD = TunerMethod.of("ia3", DEFAULT)
      .texts("feedforward_modules", "Targets whose inputs are scaled, not their outputs.",
          Ia3Spec::feedForward, Ia3Spec::feedForward)
      .targets(Ia3Spec::targets, Ia3Spec::targets);

  public Ia3Spec {
    feedForward = List.copyOf(feedForward);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_ia3_weights", "true", "false");
    return new Ia3Spec(config.names("feedforward_modules"), config.targets());
  }

  /** Sets feedForward: names of the targets whose inputs are scaled; down_proj, which PEFT takes for most models. */
  public Ia3Spec feedForward(List<String> value) {
    return new Ia3Spec(value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Ia3Spec targets(LoraTargets value) {
    return new Ia3Spec(feedForward, value);
  }

  @Override
  public void write(ObjectNode json) {
    feedForward.forEach(json.putArray("feedforward_modules")::add);
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.<long[]>of(new long[] {scalesInputs(place.path()) ? place.in() : place.out()});
  }

  @Override
  public LinearTuner at(Site site) {
    boolean input = scalesInputs(site.path());
    int size = input ? site.in() : site.out();
    Parameter l = site.learnt("ia3_l", Start.ONE, input ? 1 : size, input ? size : 1);
    return input ? (LinearTuner.Input) (ops, rows, transposed) -> Broadcasts.multiplyRow(ops, rows, l.value())
        : new Outputs(l);
  }

  private boolean scalesInputs(String path) {
    return feedForward.stream().anyMatch(path::endsWith);
  }

  /** A factor for each output. */
  private record Outputs(Parameter l) implements LinearTuner {
    @Override
    public Tensor forward(Call call, Tensor x) {
      return Broadcasts.multiplyRow(call.ops(), call.inner(x), l.value());
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      return Broadcasts.multiplyColumn(ops, w, l.value());
    }

    @Override
    public Tensor bias(Ops ops, Tensor b) {
      return ops.multiply(b, l.value().view(b.shape()));
    }
  }
}
