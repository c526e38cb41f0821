package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OFT (arXiv 2306.07280): {@code y = W R x} with a block-diagonal rotation R. Each block is the Cayley transform
 * {@code (I - S) (I + S)^-1} of a skew matrix, whose upper triangle is trained, or {@code I + 2S + 2S^2 + .. + S^4}
 * (arXiv 2506.19847).
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", OftSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param blockSize the divisor of the inputs next to it is taken, 0 = from {@code blocks}; 32 as in PEFT
 * @param blocks number of blocks, 0 = from {@code blockSize}; 0 as in PEFT
 * @param share one block for all; false as in PEFT
 * @param neumannTerms terms instead of the inverse, 0 = the inverse; 5 as in PEFT
 * @param targets which projections
 */
public record OftSpec(
    int blockSize, int blocks, boolean share, int neumannTerms, LoraTargets targets) implements ProjectionSpec {
  /** Blocks of 32, five terms, all projections but the head. */
  public static final OftSpec DEFAULT = new OftSpec(32, 0, false, 5, LoraTargets.ALL);

  static final String TYPE = "OFT";
  static final TunerMethod<OftSpec> METHOD = TunerMethod.of("oft", DEFAULT)
      .integer("oft_block_size", "Size of a block, 0 = from oft_block_num.", OftSpec::blockSize, OftSpec::blockSize)
      .integer("oft_block_num", "Number of blocks, 0 = from oft_block_size.", OftSpec::blocks, OftSpec::blocks)
      .flag("oft_block_share", "One block for all.", OftSpec::share, OftSpec::share)
      .integer("oft_neumann_terms", "Terms instead of the inverse, 0 = the inverse.",
          OftSpec::neumannTerms, OftSpec::neumannTerms)
      .targets(OftSpec::targets, OftSpec::targets);

  public OftSpec {
    Ranges.atLeast("oft.blockSize", blockSize, 0);
    Ranges.atLeast("oft.blocks", blocks, 0);
    Ranges.atLeast("oft.neumannTerms", neumannTerms, 0);
  }

  static TunerSpec read(ConfigReader config) {
    config.only(0, "module_dropout");
    config.node("eps");
    config.only("init_weights", "true", "false");
    int terms = config.integer("num_cayley_neumann_terms", 5);
    return new OftSpec(config.integer("oft_block_size", 32), config.integer("r", 0), config.flag("block_share"),
        config.flag("use_cayley_neumann", true) ? terms : 0, config.targets());
  }

  /** Sets blockSize: the divisor of the inputs next to it is taken, 0 = from {@code blocks}; 32 as in PEFT. */
  public OftSpec blockSize(int value) {
    return new OftSpec(value, blocks, share, neumannTerms, targets);
  }

  /** Sets blocks: number of blocks, 0 = from {@code blockSize}; 0 as in PEFT. */
  public OftSpec blocks(int value) {
    return new OftSpec(blockSize, value, share, neumannTerms, targets);
  }

  /** Sets share: one block for all; false as in PEFT. */
  public OftSpec share(boolean value) {
    return new OftSpec(blockSize, blocks, value, neumannTerms, targets);
  }

  /** Sets neumannTerms: terms instead of the inverse, 0 = the inverse; 5 as in PEFT. */
  public OftSpec neumannTerms(int value) {
    return new OftSpec(blockSize, blocks, share, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public OftSpec targets(LoraTargets value) {
    return new OftSpec(blockSize, blocks, share, neumannTerms, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("oft_block_size", blockSize);
    json.put("r", blocks);
    json.put("block_share", share);
    json.put("use_cayley_neumann", neumannTerms > 0);
    json.put("num_cayley_neumann_terms", neumannTerms == 0 ? 5 : neumannTerms);
  }

  @Override
  public List<long[]> shapes(Place place) {
    int k = size(place.in());
    return List.<long[]>of(new long[] {share ? 1 : place.in() / k, (long) k * (k - 1) / 2});
  }

  @Override
  public @Nullable String problem() {
    return (blockSize == 0) != (blocks == 0) ? null
        : "One of oft_block_size and oft_block_num must be above 0 and the other 0, got " + blockSize + " and " + blocks
            + ".";
  }

  @Override
  public LinearTuner at(Site site) {
    int k = size(site.in());
    int count = share ? 1 : site.in() / k;
    int triangle = k * (k - 1) / 2;
    Parameter r = site.learnt("oft_R.weight", Start.ZERO, count, triangle);
    int[] places = new int[count * k * k];
    float[] signs = new float[count * k * k];
    for (int b = 0; b < count; b++) {
      for (int i = 0, next = 0; i < k; i++) {
        for (int j = i + 1; j < k; j++, next++) {
          places[(b * k + i) * k + j] = b * triangle + next;
          places[(b * k + j) * k + i] = b * triangle + next;
          signs[(b * k + i) * k + j] = 1;
          signs[(b * k + j) * k + i] = -1;
        }
      }
    }
    Tensor ids = site.constant(places);
    Tensor sign = site.constant(signs, count, k, k);
    return (LinearTuner.Input) (ops, rows, transposed) -> {
      Tensor skew = ops.multiply(Layouts.gather(ops, r.value(), ids, count, k, k), sign);
      Tensor rotation = neumannTerms == 0 ? HostMath.cayley(ops, skew) : series(ops, skew);
      if (!share) {
        return Matrices.blockDiagonal(ops, rows, rotation, transposed);
      }
      Tensor runs = ops.reshape(rows, rows.size() / k, k);
      return ops.reshape(Matrices.multiply(ops, runs, false, ops.reshape(rotation, k, k), transposed), rows.shape());
    };
  }

  // As PEFT has it: from three terms on the last one, at least the third power, has no factor 2.
  private Tensor series(Ops ops, Tensor skew) {
    Tensor sum = Constants.identity(ops, skew.shape());
    Tensor power = skew;
    int highest = neumannTerms < 3 ? neumannTerms - 1 : Math.max(neumannTerms - 1, 3);
    for (int i = 1; i <= highest; i++) {
      power = i == 1 ? skew : Matrices.multiplyAll(ops, power, false, skew, false);
      boolean last = i == highest && i > 2;
      sum = ops.add(sum, last ? power : ops.scale(power, 2));
    }
    return sum;
  }

  private int size(int in) {
    return blockSize == 0 ? in / divisor(in, blocks) : divisor(in, blockSize);
  }

  /** The divisor of {@code size} next to {@code wanted}, the smaller of two. */
  private static int divisor(int size, int wanted) {
    for (int away = 0; away < size; away++) {
      if (wanted - away >= 1 && size % (wanted - away) == 0) {
        return wanted - away;
      }
      if (wanted + away <= size && size % (wanted + away) == 0) {
        return wanted + away;
      }
    }
    return size;
  }
}
