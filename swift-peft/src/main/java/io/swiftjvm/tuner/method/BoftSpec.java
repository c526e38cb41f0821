package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Seeds;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * BOFT (arXiv 2311.06243): {@code y = s * (W R x)} with R a product of block-diagonal rotations whose blocks are
 * shuffled as in the butterflies of a Fourier transform; each block is the Cayley transform of the skew part of a
 * trained matrix.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", BoftSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param blockSize divides the inputs, 0 = from {@code blocks}; 4 as in ms-swift and PEFT
 * @param blocks number of blocks, 0 = from {@code blockSize}; 0 as in ms-swift and PEFT
 * @param factors number of butterflies, 1 or more; 1 as in ms-swift and PEFT. PEFT without its CUDA kernel has 1
 *     whatever its settings say
 * @param dropout share of the blocks of one butterfly, drawn for each pass of a training, that do not turn; 0 as in
 *     ms-swift and PEFT
 * @param targets which projections
 */
public record BoftSpec(int blockSize, int blocks, int factors, double dropout, LoraTargets targets) implements ProjectionSpec {
  /** Blocks of 4, one butterfly, all projections but the head. */
  public static final BoftSpec DEFAULT = new BoftSpec(4, 0, 1, 0, LoraTargets.ALL);

  static final String TYPE = "BOFT";
  static final TunerMethod<BoftSpec> METHOD = TunerMethod.of("boft", DEFAULT)
      .integer("boft_block_size", "Size of a block, 0 = from boft_block_num.", BoftSpec::blockSize, BoftSpec::blockSize)
      .integer("boft_block_num", "Number of blocks, 0 = from boft_block_size.", BoftSpec::blocks, BoftSpec::blocks)
      .integer("boft_n_butterfly_factor", "Number of butterflies.", BoftSpec::factors, BoftSpec::factors)
      .number("boft_dropout", "Share of the blocks of a butterfly that do not turn in a pass of the training.",
          BoftSpec::dropout, BoftSpec::dropout)
      .targets(BoftSpec::targets, BoftSpec::targets);

  public BoftSpec {
    Ranges.atLeast("boft.blockSize", blockSize, 0);
    Ranges.atLeast("boft.blocks", blocks, 0);
    Ranges.atLeast("boft.factors", factors, 1);
    Ranges.dropout("boft_dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    return new BoftSpec(config.integer("boft_block_size", 4), config.integer("boft_block_num", 0),
        config.integer("boft_n_butterfly_factor", 1), config.number("boft_dropout", 0), config.targets());
  }

  /** Sets blockSize: divides the inputs, 0 = from {@code blocks}; 4 as in ms-swift and PEFT. */
  public BoftSpec blockSize(int value) {
    return new BoftSpec(value, blocks, factors, dropout, targets);
  }

  /** Sets blocks: number of blocks, 0 = from {@code blockSize}; 0 as in ms-swift and PEFT. */
  public BoftSpec blocks(int value) {
    return new BoftSpec(blockSize, value, factors, dropout, targets);
  }

  /** Sets factors: number of butterflies, 1 or more; 1 as in ms-swift and PEFT. PEFT without its CUDA kernel has 1 whatever its settings say. */
  public BoftSpec factors(int value) {
    return new BoftSpec(blockSize, blocks, value, dropout, targets);
  }

  /** Sets dropout: share of the blocks of one butterfly that do not turn, 0 .. below 1; 0 as in ms-swift and PEFT. */
  public BoftSpec dropout(double value) {
    return new BoftSpec(blockSize, blocks, factors, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public BoftSpec targets(LoraTargets value) {
    return new BoftSpec(blockSize, blocks, factors, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("boft_block_size", blockSize);
    json.put("boft_block_num", blocks);
    json.put("boft_n_butterfly_factor", factors);
    json.put("boft_dropout", dropout);
  }

  @Override
  public void fit(Place place, boolean fresh) {
    int divisor = blockSize == 0 ? blocks : blockSize;
    place.check(place.in() % divisor == 0, divisor + " does not divide its inputs");
    if (fresh) {
      checkButterflies(place, factors);
    }
  }

  @Override
  public List<long[]> shapes(Place place) {
    int k = blockSize == 0 ? place.in() / blocks : blockSize;
    return List.of(new long[] {factors, place.in() / k, k, k}, new long[] {place.out(), 1});
  }

  @Override
  public @Nullable String problem() {
    return (blockSize == 0) != (blocks == 0) ? null
        : "One of boft_block_size and boft_block_num must be above 0 and the other 0, got " + blockSize + " and "
            + blocks + ".";
  }

  @Override
  public LinearTuner at(Site site) {
    int k = blockSize == 0 ? site.in() / blocks : blockSize;
    int count = site.in() / k;
    long[] stored = site.stored("boft_R");
    int layers = stored != null && stored.length == 4 && stored[0] == 1 ? 1 : factors;
    checkButterflies(site.place(), layers);
    Parameter r = site.learnt("boft_R", Start.ZERO, layers, count, k, k);
    Parameter s = site.learnt("boft_s", Start.ONE, site.out(), 1);
    int[][] shuffles = new int[layers][];
    for (int i = 0; i < layers; i++) {
      shuffles[i] = layers == 1 ? new int[0] : shuffle(site.in(), count >> i, k / 2);
    }
    return new Butterflies(r, s, shuffles, site.base(), dropout);
  }

  private void checkButterflies(Place place, int layers) {
    int k = blockSize == 0 ? place.in() / blocks : blockSize;
    int count = place.in() / k;
    place.check(layers == 1 || (k % 2 == 0 && count % (1 << (layers - 1)) == 0 && count % 2 == 0),
        layers + " butterflies need an even block size and a number of blocks that 2^" + (layers - 1) + " divides");
  }

  // Within each of `blocks` runs, the pieces of length r at even places come before those at odd places.
  private static int[] shuffle(int n, int blocks, int r) {
    int run = n / blocks;
    int pieces = run / r;
    int[] order = new int[n];
    Arrays.setAll(order, i -> {
      int piece = i % run / r;
      int evens = (pieces + 1) / 2;
      int from = piece < evens ? 2 * piece : 2 * (piece - evens) + 1;
      return i / run * run + from * r + i % r;
    });
    return order;
  }

  /** The rotation and the factors at work. */
  private static final class Butterflies implements LinearTuner {
    private final Parameter r;
    private final Parameter s;
    private final int[][] shuffles;
    private final DenseLinear base;
    private final double dropout;

    Butterflies(Parameter r, Parameter s, int[][] shuffles, DenseLinear base, double dropout) {
      this.dropout = dropout;
      this.r = r;
      this.s = s;
      this.shuffles = shuffles;
      this.base = base;
    }

    @Override
    public Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      long key = call.pass().dropoutKey();
      Tensor y = call.inner(turn(ops, x, false, key == 0 ? 0 : Seeds.mix(key, call.number(), 1)));
      Parameter bias = base.bias();
      if (bias == null) {
        return Broadcasts.multiplyRow(ops, y, s.value());
      }
      Tensor wide = Broadcasts.wide(ops, bias.value().detached());
      Tensor plain = Broadcasts.addRow(ops, y, ops.scale(wide, -1));
      return Broadcasts.addRow(ops, Broadcasts.multiplyRow(ops, plain, s.value()), wide);
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      return Broadcasts.multiplyColumn(ops, turn(ops, w, true, 0), s.value());
    }

    /** Blocks of one butterfly, all drawn by the key, become the identity, as PEFT's multiplicative dropout does. */
    private Tensor stilled(Ops ops, Tensor rotations, long key) {
      int layers = shuffles.length;
      int count = Math.toIntExact(r.value().dim(1));
      int still = (int) (dropout * count);
      if (key == 0 || still == 0) {
        return rotations;
      }
      int k = Math.toIntExact(r.value().dim(2));
      Seeds random = Seeds.of(key, "boft");
      int first = (int) (random.uniform() * layers) * count;
      int[] order = IntStream.range(0, count).toArray();
      float[] kept = new float[layers * count * k * k];
      float[] identity = new float[kept.length];
      Arrays.fill(kept, 1);
      for (int i = 0; i < still; i++) {
        int other = i + (int) (random.uniform() * (count - i));
        int block = order[other];
        order[other] = order[i];
        int at = (first + block) * k * k;
        Arrays.fill(kept, at, at + k * k, 0);
        for (int j = 0; j < k; j++) {
          identity[at + j * k + j] = 1;
        }
      }
      return ops.add(ops.multiply(rotations, ops.scope().floats(kept, rotations.shape())),
          ops.scope().floats(identity, rotations.shape()));
    }

    private Tensor turn(Ops ops, Tensor rows, boolean transposed, long key) {
      int layers = shuffles.length;
      long count = r.value().dim(1);
      long k = r.value().dim(2);
      Tensor flat = ops.reshape(r.value(), layers * count, k, k);
      Tensor swapped = Layouts.permute(ops, flat, flat.shape(), 0, 2, 1);
      Tensor rotations =
          stilled(ops, HostMath.cayley(ops, ops.scale(ops.add(flat, ops.scale(swapped, -1)), 0.5f)), key);
      Tensor y = rows;
      for (int i = 0; i < layers; i++) {
        int layer = transposed ? i : layers - 1 - i;
        Tensor all = ops.reshape(rotations, layers, count * k * k);
        Tensor own = ops.reshape(Slices.rows(ops, all, layer, 1), count, k, k);
        y = moved(ops, y, inverse(shuffles[layer]));
        y = Matrices.blockDiagonal(ops, y, own, transposed);
        y = moved(ops, y, shuffles[layer]);
      }
      return y;
    }

    /** Column j of the result is column {@code order[j]}. */
    private static Tensor moved(Ops ops, Tensor x, int[] order) {
      if (order.length == 0) {
        return x;
      }
      int[] all = new int[Math.toIntExact(x.size())];
      Arrays.setAll(all, i -> i / order.length * order.length + order[i % order.length]);
      return Layouts.gather(ops, x, Layouts.ids(ops, all), x.shape());
    }

    private static int[] inverse(int[] order) {
      int[] inverse = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        inverse[order[i]] = i;
      }
      return inverse;
    }
  }
}
