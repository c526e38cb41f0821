package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * FourierFT (arXiv 2405.03003): {@code W + scaling * Re(ifft2(F))} for a spectrum F that is zero but at a few random
 * places, whose values are trained. The sum of waves is applied as a low-rank product of cosines and sines.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", FourierFtSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param frequencies number of places, 1 or more; 2000 as in ms-swift, PEFT has 1000
 * @param scaling factor on the update; 300 as in ms-swift, PEFT has 150
 * @param seed of the places, chosen as torch does; 777 as in PEFT
 * @param targets which projections
 */
public record FourierFtSpec(int frequencies, double scaling, int seed, LoraTargets targets) implements ProjectionSpec {
  /** 2000 frequencies, scaling 300, all projections but the head. */
  public static final FourierFtSpec DEFAULT = new FourierFtSpec(2000, 300, 777, LoraTargets.ALL);

  static final String TYPE = "FOURIERFT";
  static final TunerMethod<FourierFtSpec> METHOD = TunerMethod.of("fourierft", DEFAULT)
      .integer("fourier_n_frequency", "Number of frequencies (PEFT: 1000).",
          FourierFtSpec::frequencies, FourierFtSpec::frequencies)
      .number("fourier_scaling", "Factor on the update (PEFT: 150).", FourierFtSpec::scaling, FourierFtSpec::scaling)
      .integer("fourier_random_loc_seed", "Seed of the places of the frequencies.",
          FourierFtSpec::seed, FourierFtSpec::seed)
      .targets(FourierFtSpec::targets, FourierFtSpec::targets);

  public FourierFtSpec {
    Ranges.atLeast("fourierft.frequencies", frequencies, 1);
    Ranges.scale("fourierft.scaling", scaling);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new FourierFtSpec(config.integer("n_frequency", 1000), config.number("scaling", 150),
        config.integer("random_loc_seed", 777), config.targets());
  }

  /** Sets frequencies: number of places, 1 or more; 2000 as in ms-swift, PEFT has 1000. */
  public FourierFtSpec frequencies(int value) {
    return new FourierFtSpec(value, scaling, seed, targets);
  }

  /** Sets scaling: factor on the update; 300 as in ms-swift, PEFT has 150. */
  public FourierFtSpec scaling(double value) {
    return new FourierFtSpec(frequencies, value, seed, targets);
  }

  /** Sets seed: of the places, chosen as torch does; 777 as in PEFT. */
  public FourierFtSpec seed(int value) {
    return new FourierFtSpec(frequencies, scaling, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public FourierFtSpec targets(LoraTargets value) {
    return new FourierFtSpec(frequencies, scaling, seed, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("n_frequency", frequencies);
    ConfigWriter.number(json, "scaling", scaling);
    json.put("random_loc_seed", seed);
    json.put("init_weights", true);
  }

  @Override
  public void fit(Place place, boolean fresh) {
    long size = (long) place.in() * place.out();
    place.check(frequencies <= size && size <= Integer.MAX_VALUE,
        "it has " + size + " frequencies, " + frequencies + " are asked for");
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.<long[]>of(new long[] {frequencies});
  }

  @Override
  public LinearTuner at(Site site) {
    long size = (long) site.in() * site.out();
    Parameter spectrum = site.learnt("fourierft_spectrum", Start.ZERO, frequencies);
    Tensor[] waves = site.once("fourierft " + site.in() + " " + site.out(), () -> waves(site));
    float scale = (float) (scaling / size);
    return new LinearTuner.Path(0, (ops, x) -> {
      Tensor in = Broadcasts.multiplyRow(ops, ops.linear(x, waves[0], null), spectrum.value());
      Tensor out = Broadcasts.multiplyRow(ops, ops.linear(x, waves[1], null), spectrum.value());
      return ops.scale(ops.add(ops.linear(in, waves[2], null), ops.linear(out, waves[3], null)), scale);
    });
  }

  // cos(a + b) = cos a cos b - sin a sin b: the waves along the inputs, then those along the outputs.
  private Tensor[] waves(Site site) {
    int[] places = new TorchRandom(seed).permutation(site.in() * site.out(), frequencies);
    float[][] in = new float[2][frequencies * site.in()];
    float[][] out = new float[2][frequencies * site.out()];
    for (int f = 0; f < frequencies; f++) {
      for (int i = 0; i < site.in(); i++) {
        double angle = 2 * Math.PI * ((long) (places[f] % site.in()) * i % site.in()) / site.in();
        in[0][f * site.in() + i] = (float) Math.cos(angle);
        in[1][f * site.in() + i] = (float) -Math.sin(angle);
      }
      for (int o = 0; o < site.out(); o++) {
        double angle = 2 * Math.PI * ((long) (places[f] / site.in()) * o % site.out()) / site.out();
        out[0][o * frequencies + f] = (float) Math.cos(angle);
        out[1][o * frequencies + f] = (float) Math.sin(angle);
      }
    }
    return new Tensor[] {site.constant(in[0], frequencies, site.in()), site.constant(in[1], frequencies, site.in()),
        site.constant(out[0], site.out(), frequencies), site.constant(out[1], site.out(), frequencies)};
  }
}
