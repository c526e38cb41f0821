package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.BlockChange;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.TunerMethod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * ReFT (arXiv 2404.03592): moves hidden states within a trained subspace behind blocks, for every token. LoReFT is
 * {@code h + R^T (W h + b - R h)} with the rows of R orthonormal, R and W (rank,C); the other kinds leave parts of it
 * out. R is learnt as a free matrix whose rows are made orthonormal in order (Gram and Schmidt).
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", ReftSpec.DEFAULT.layers(List.of(3, 7)), 42).attach(model);
 * }
 *
 * @param rank rows of R, 1 or more; 4 as in ms-swift
 * @param layers blocks by number; empty = all, as in ms-swift
 * @param kind which parts of the formula there are; LOREFT as in ms-swift
 */
public record ReftSpec(int rank, List<Integer> layers, Kind kind) implements BlockSpec {
  /** Rank 4 behind every block. */
  public static final ReftSpec DEFAULT = new ReftSpec(4, List.of(), Kind.LOREFT);

  /** The interventions of pyreft. */
  public enum Kind {
    /** {@code h + R^T (W h + b - R h)}, R orthonormal. */
    LOREFT(true, true, true),
    /** The same, R free. */
    NOREFT(false, true, true),
    /** {@code h + R^T (b - R h)}, R orthonormal. */
    CONSREFT(true, false, true),
    /** {@code h + R^T b}, R orthonormal. */
    LOBIREFT(true, false, false),
    /** {@code h + R^T (W h + b)}, R orthonormal. */
    DIREFT(true, true, false),
    /** The same, R free. */
    NODIREFT(false, true, false);

    private final boolean orthonormal;
    private final boolean linear;
    private final boolean subtracts;

    Kind(boolean orthonormal, boolean linear, boolean subtracts) {
      this.orthonormal = orthonormal;
      this.linear = linear;
      this.subtracts = subtracts;
    }

    /** The kind called so by pyreft, with or without {@code Intervention} behind it. */
    static Kind of(String name) {
      String plain = name.toUpperCase(Locale.ROOT).replaceFirst("INTERVENTION$", "");
      for (Kind kind : values()) {
        if (kind.name().equals(plain)) {
          return kind;
        }
      }
      throw new InvalidPlanException("reft_intervention_type is '" + name + "'; there are " + List.of(values())
          + ", as in LoreftIntervention.");
    }

    /** The name of pyreft. */
    String plain() {
      return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT) + "Intervention";
    }
  }

  static final String TYPE = "REFT";
  static final TunerMethod<ReftSpec> METHOD = TunerMethod.of("reft", DEFAULT)
      .integer("reft_rank", "Rank of reft; with bone the length of its runs.", ReftSpec::rank, ReftSpec::rank)
      .texts("reft_layers", "Blocks by number; none = all.", s -> s.layers.stream().map(String::valueOf).toList(),
          (s, v) -> s.layers(TunerMethod.integers("reft_layers", v)))
      .text("reft_args", "Further arguments of pyreft's interventions; none but an empty object.", s -> null, (s, v) -> {
            if (!v.replaceAll("\\s", "").matches("|\\{}")) {
              throw new InvalidPlanException("reft_args is '" + v + "'; the interventions here have a rank, layers and a "
                  + "kind (reft_rank, reft_layers, reft_intervention_type) and nothing more.");
            }
            return s;
          })
      .text("reft_intervention_type", "Which parts of the formula there are: Loreft-, Noreft-, Consreft-, Lobireft-, "
          + "Direft- or NodireftIntervention.", s -> s.kind.plain(), (s, v) -> s.kind(Kind.of(v)));

  public ReftSpec {
    Ranges.atLeast("reft_rank", rank, 1);
    layers = List.copyOf(layers);
    layers.forEach(layer -> Ranges.atLeast("reft_layers", layer, 0));
  }

  static TunerSpec read(ConfigReader config) {
    List<Integer> layers = config.has("layers") ? config.integers("layers") : List.of();
    return new ReftSpec(
        config.integer("r", 4), layers, Kind.of(config.text("intervention_type", "LoreftIntervention")));
  }

  /** Sets the rank. Default: 4. Legal: 1 to the hidden size. */
  public ReftSpec rank(int value) {
    return new ReftSpec(value, layers, kind);
  }

  /** Sets the blocks by number. Default: all. */
  public ReftSpec layers(List<Integer> value) {
    return new ReftSpec(rank, value, kind);
  }

  /** Sets which parts of the formula there are. Default: {@link Kind#LOREFT}. */
  public ReftSpec kind(Kind value) {
    return new ReftSpec(rank, layers, value);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    layers.forEach(json.putArray("layers")::add);
    json.put("intervention_type", kind.plain());
  }

  private List<Integer> chosen(int count, int width) {
    Ranges.check(rank <= width, "reft_rank is " + rank + "; hidden states have " + width + " columns.");
    layers.forEach(layer -> Ranges.check(
        layer < count, "reft_layers has " + layer + "; the model's blocks are 0 .. " + (count - 1) + "."));
    return layers.isEmpty() ? IntStream.range(0, count).boxed().toList() : layers;
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    Map<String, long[]> all = new LinkedHashMap<>();
    long width = shapes.config().hiddenSize();
    for (int layer : chosen(shapes.config().layerCount(), shapes.config().hiddenSize())) {
      all.put("layers." + layer + ".rotation", new long[] {rank, width});
      if (kind.linear) {
        all.put("layers." + layer + ".source.weight", new long[] {rank, width});
      }
      all.put("layers." + layer + ".source.bias", new long[] {rank});
    }
    return all;
  }

  /** The tensors behind one block. */
  private record Subspace(Parameter r, @Nullable Parameter w, Parameter b) {}

  @Override
  public BlockChange at(AdapterTensors tensors) {
    int width = tensors.model().config().hiddenSize();
    Map<Integer, Subspace> subspaces = new LinkedHashMap<>();
    for (int layer : chosen(tensors.model().config().layerCount(), width)) {
      String path = "layers." + layer + ".reft.";
      subspaces.put(layer, new Subspace(
          tensors.parameter(path + "rotation", path + "rotation", true, Start.normal(1 / Math.sqrt((double) width)), rank, width),
          kind.linear ? tensors.parameter(path + "source.weight", path + "source.weight", true, Start.KAIMING, rank, width)
              : null,
          tensors.parameter(path + "source.bias", path + "source.bias", true, Start.ZERO, rank)));
    }
    return (pass, layer, h) -> {
      Subspace at = subspaces.get(layer);
      return at == null ? h : moved(pass.ops(), h, at);
    };
  }

  private Tensor moved(Ops ops, Tensor h, Subspace at) {
    Tensor r = kind.orthonormal ? orthonormal(ops, at.r().value()) : at.r().value();
    Parameter w = at.w();
    Tensor along = w != null ? ops.linear(h, w.value(), at.b().value()) : null;
    if (kind.subtracts) {
      Tensor here = ops.scale(ops.linear(h, r, null), -1);
      along = along == null ? Broadcasts.addRow(ops, here, at.b().value()) : ops.add(along, here);
    }
    if (along == null) {
      Tensor shift = Matrices.multiply(ops, ops.reshape(at.b().value(), 1, rank), r);
      return Broadcasts.addRow(ops, h, ops.reshape(shift, h.columns()));
    }
    return ops.add(h, Matrices.multiply(ops, along, r));
  }

  private Tensor orthonormal(Ops ops, Tensor r) {
    List<Tensor> rows = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      Tensor row = Slices.rows(ops, r, i, 1);
      for (Tensor before : rows) {
        Tensor share = Matrices.multiply(ops, row, false, before, true);
        row = ops.add(row, ops.scale(Matrices.multiply(ops, share, before), -1));
      }
      Tensor square = Matrices.multiply(ops, row, false, row, true);
      Tensor inverse = HostMath.map(ops, square, v -> 1 / Math.sqrt(v), v -> -0.5 / (v * Math.sqrt(v)));
      rows.add(Matrices.multiply(ops, inverse, row));
    }
    return Slices.joinRows(ops, rows);
  }
}
