package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * MiSS (arXiv 2409.15371): {@code y = W x + D^T sum of x's runs of rank elements}; D (rank,out) starts at zero. A last
 * run that is too short is filled up with zeros. Two other kinds repeat a part of D, or change the weight by it.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", MissSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank length of a run, 1 or more; 64 as in PEFT
 * @param kind how D is used; PLAIN as in PEFT
 * @param miniRank columns of D for MINI, which divide the outputs; 1 as in PEFT
 * @param dropout on the input in training; 0 as in PEFT
 * @param targets which projections
 */
public record MissSpec(int rank, Kind kind, int miniRank, double dropout, LoraTargets targets)
    implements ProjectionSpec {
  /** Rank 64, no dropout, all projections but the head. */
  public static final MissSpec DEFAULT = new MissSpec(64, Kind.PLAIN, 1, 0, LoraTargets.ALL);

  /** How D is used. */
  public enum Kind {
    /** D (rank,out). */
    PLAIN,
    /** D (rank,miniRank), repeated along the outputs. */
    MINI,
    /** D (out/rank,rank,rank): {@code W + W D + D} in blocks of rank x rank; both sizes are multiples of rank. */
    BAT;

    /** PEFT's name of the start. */
    String start() {
      return this == PLAIN ? "true" : name().toLowerCase(Locale.ROOT);
    }

    static Kind of(String start) {
      return switch (start.toLowerCase(Locale.ROOT)) {
        case "true", "false" -> PLAIN;
        case "mini" -> MINI;
        case "bat" -> BAT;
        default -> throw new InvalidPlanException("init_weights is '" + start + "'; miss has true, mini and bat.");
      };
    }
  }

  static final String TYPE = "MISS";
  static final TunerMethod<MissSpec> METHOD = TunerMethod.of("miss", DEFAULT)
      .integer("miss_rank", "Length of a run of inputs.", MissSpec::rank, MissSpec::rank)
      .integer("reft_rank", "Rank of bone (with reft: of the change).", s -> null, MissSpec::rank)
      .integer("miss_mini_rank", "Columns of the block with init_weights mini.", MissSpec::miniRank, MissSpec::miniRank)
      .number("miss_dropout", "Share of inputs zeroed in training.", MissSpec::dropout, MissSpec::dropout)
      .text("init_weights", "true; mini or bat for the other kinds of miss.", s -> s.kind.start(),
          (s, v) -> s.kind(Kind.of(v)))
      .alias("bone", DEFAULT.rank(4))
      .targets(MissSpec::targets, MissSpec::targets);

  public MissSpec {
    Ranges.atLeast("miss.rank", rank, 1);
    Ranges.atLeast("miss.miniRank", miniRank, 1);
    Ranges.dropout("miss.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false", "mini", "bat");
    Kind kind = Kind.of(config.text("init_weights", "true"));
    return new MissSpec(config.integer("r", 64), kind, config.integer("mini_r", 1), config.number("miss_dropout", 0),
        config.targets());
  }

  /** Sets rank: length of a run, 1 or more; 64 as in PEFT. */
  public MissSpec rank(int value) {
    return new MissSpec(value, kind, miniRank, dropout, targets);
  }

  /** Sets kind: how D is used; PLAIN as in PEFT. */
  public MissSpec kind(Kind value) {
    return new MissSpec(rank, value, miniRank, dropout, targets);
  }

  /** Sets miniRank: columns of D for MINI, which divide the outputs; 1 as in PEFT. */
  public MissSpec miniRank(int value) {
    return new MissSpec(rank, kind, value, dropout, targets);
  }

  /** Sets dropout: on the input in training; 0 as in PEFT. */
  public MissSpec dropout(double value) {
    return new MissSpec(rank, kind, miniRank, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public MissSpec targets(LoraTargets value) {
    return new MissSpec(rank, kind, miniRank, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("miss_dropout", dropout);
    json.put("mini_r", miniRank);
    if (kind == Kind.PLAIN) {
      json.put("init_weights", true);
    } else {
      json.put("init_weights", kind.name().toLowerCase(Locale.ROOT));
    }
  }

  @Override
  public void fit(Place place, boolean fresh) {
    place.check(rank <= place.in(), "rank " + rank + " is above its inputs");
    place.check(kind != Kind.BAT || (place.in() % rank == 0 && place.out() % rank == 0),
        "blocks of " + rank + " do not divide it");
    place.check(kind != Kind.MINI || place.out() % miniRank == 0, miniRank + " columns do not divide its outputs");
  }

  @Override
  public List<long[]> shapes(Place place) {
    return switch (kind) {
      case PLAIN -> List.<long[]>of(new long[] {rank, place.out()});
      case MINI -> List.<long[]>of(new long[] {rank, miniRank});
      case BAT -> List.<long[]>of(new long[] {place.out() / rank, rank, rank});
    };
  }

  @Override
  public LinearTuner at(Site site) {
    if (kind == Kind.BAT) {
      return new Blocks(
          site.learnt("miss_block", Start.ZERO, site.out() / rank, rank, rank), site.base(), site.in() / rank, rank);
    }
    int width = kind == Kind.MINI ? miniRank : site.out();
    Parameter block = site.learnt("miss_block", Start.ZERO, rank, width);
    float[] fold = new float[rank * site.in()];
    for (int i = 0; i < site.in(); i++) {
      fold[i % rank * site.in() + i] = 1;
    }
    Tensor sum = site.once("miss " + site.in(), () -> new Tensor[] {site.constant(fold, rank, site.in())})[0];
    return new LinearTuner.Path(dropout, (ops, x) -> {
      Tensor y = Matrices.multiply(ops, ops.linear(x, sum, null), block.value());
      return width == site.out() ? y : Slices.joinColumns(ops, Collections.nCopies(site.out() / width, y));
    });
  }

  /** The weight changed block by block. */
  private record Blocks(Parameter block, DenseLinear base, int across, int rank) implements LinearTuner {
    @Override
    public Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      Tensor stored = Broadcasts.wide(ops, base.weight().value().detached());
      Tensor w = base.transposed() ? Layouts.transpose(ops, stored) : stored;
      return ops.add(call.inner(x), ops.linear(x, delta(ops, w), null));
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      return ops.add(w, delta(ops, w));
    }

    private Tensor delta(Ops ops, Tensor w) {
      long[] shape = {w.dim(0), w.dim(1)};
      Tensor runs = w.view(w.dim(0) / rank, (long) rank * across, rank);
      Tensor product = ops.reshape(Matrices.multiplyAll(ops, runs, false, block.value(), false), shape);
      int[] rows = new int[Math.toIntExact(w.dim(0) * across)];
      Arrays.setAll(rows, i -> i / across);
      Tensor flat = ops.reshape(block.value(), w.dim(0), rank);
      return ops.add(product, ops.reshape(ops.selectRows(flat, Layouts.ids(ops, rows)), shape));
    }
  }
}
