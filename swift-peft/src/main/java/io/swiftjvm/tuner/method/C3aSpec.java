package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/**
 * C3A (arXiv 2407.19342): the update is made of circulant blocks, each the circular correlation with one trained
 * kernel, computed with Fourier transforms; divided by the number of inputs.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", C3aSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param blockSize size of a block, which divides both sizes; 256 as in PEFT
 * @param targets which projections
 */
public record C3aSpec(int blockSize, LoraTargets targets) implements ProjectionSpec {
  /** Blocks of 256, all projections but the head. */
  public static final C3aSpec DEFAULT = new C3aSpec(256, LoraTargets.ALL);

  static final String TYPE = "C3A";
  static final TunerMethod<C3aSpec> METHOD = TunerMethod.of("c3a", DEFAULT)
      .integer("c3a_block_size", "Size of a block, which divides both sizes.", C3aSpec::blockSize, C3aSpec::blockSize)
      .targets(C3aSpec::targets, C3aSpec::targets);

  public C3aSpec {
    Ranges.atLeast("c3a.blockSize", blockSize, 1);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "xavier_uniform", "kaiming_uniform", "gaussian", "true", "false");
    return new C3aSpec(config.integer("block_size", 256), config.targets());
  }

  /** Sets blockSize: size of a block, which divides both sizes; 256 as in PEFT. */
  public C3aSpec blockSize(int value) {
    return new C3aSpec(value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public C3aSpec targets(LoraTargets value) {
    return new C3aSpec(blockSize, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("block_size", blockSize);
    json.put("init_weights", "xavier_uniform");
  }

  @Override
  public void fit(Place place, boolean fresh) {
    place.check(
        place.in() % blockSize == 0 && place.out() % blockSize == 0, "blocks of " + blockSize + " do not divide it");
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.<long[]>of(new long[] {place.out() / blockSize, place.in() / blockSize, blockSize});
  }

  @Override
  public LinearTuner at(Site site) {
    int in = site.in() / blockSize;
    int out = site.out() / blockSize;
    Parameter kernel = site.learnt(
        "c3a_kernel", Start.uniform(Math.sqrt(6.0 / (site.in() + site.out()))), out, in, blockSize);
    Tensor[] waves = site.once("c3a", () -> waves(site));
    float scale = 1f / ((float) site.in() * blockSize);
    return new LinearTuner.Path(0, (ops, x) -> {
      long n = x.rows();
      Tensor xc = spectrum(ops, x, waves[0], n, in);
      Tensor xs = spectrum(ops, x, waves[1], n, in);
      Tensor wc = spectrum(ops, kernel.value(), waves[0], out, in);
      Tensor ws = spectrum(ops, kernel.value(), waves[1], out, in);
      Tensor real = ops.add(
          Matrices.multiplyAll(ops, xc, false, wc, true), Matrices.multiplyAll(ops, xs, false, ws, true));
      Tensor imaginary = ops.add(Matrices.multiplyAll(ops, xs, false, wc, true),
          ops.scale(Matrices.multiplyAll(ops, xc, false, ws, true), -1));
      Tensor y = ops.add(back(ops, real, waves[0], n, out), back(ops, imaginary, waves[1], n, out));
      return ops.scale(ops.reshape(y, n, site.out()), scale);
    });
  }

  // One matrix of (rows, blocks) for each frequency.
  private Tensor spectrum(Ops ops, Tensor x, Tensor wave, long rows, long blocks) {
    Tensor flat = ops.linear(ops.reshape(x, rows * blocks, blockSize), wave, null);
    return Layouts.permute(ops, flat, new long[] {rows, blocks, blockSize}, 2, 0, 1);
  }

  private Tensor back(Ops ops, Tensor spectrum, Tensor wave, long rows, long blocks) {
    Tensor flat = Layouts.permute(ops, spectrum, new long[] {blockSize, rows, blocks}, 1, 2, 0);
    return ops.linear(ops.reshape(flat, rows * blocks, blockSize), wave, null);
  }

  private Tensor[] waves(Site site) {
    float[][] waves = new float[2][blockSize * blockSize];
    for (int i = 0; i < waves[0].length; i++) {
      double angle = 2 * Math.PI * ((long) (i / blockSize) * (i % blockSize) % blockSize) / blockSize;
      waves[0][i] = (float) Math.cos(angle);
      waves[1][i] = (float) Math.sin(angle);
    }
    return new Tensor[] {site.constant(waves[0], blockSize, blockSize), site.constant(waves[1], blockSize, blockSize)};
  }
}
