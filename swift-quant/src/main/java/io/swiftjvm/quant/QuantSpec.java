package io.swiftjvm.quant;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Quantises the projections of a model when it has been loaded: the weights in memory, not the checkpoint. Applied
 * before adapters are attached; those then train beside the frozen quantised weights (QLoRA, arXiv 2305.14314).
 *
 * {@snippet :
 * QuantSpec.int4().group(64).zeroPoint(true).apply(model);
 * Swift.model("qwen3").quantize(QuantSpec.nf4()).lora(l -> l.rank(8));
 * }
 *
 * <p>The token table stays as it is. The output projection becomes int8 for {@link #int8}, for {@link #int4} codes of 6
 * bits (int8 with zero points or larger groups), and stays for {@link #nf4}, of which projections whose rows or size are
 * no whole blocks stay, too.
 *
 * @param format how a weight is coded
 * @param group weights of a row that share a scale: 32 (default), 64 or 128; 64 for NF4, always
 * @param zeroPoint int8 and int4: a group has a zero point beside its scale, for weights that are not spread evenly
 *     around 0; 4 bits a group of 32 more precise, 0.25 bits a weight larger. Default false
 * @param doubleQuant NF4: scales are quantised in turn, as in bitsandbytes; the size here is the same. Default true
 * @param cached whether the packed weights are kept in a folder {@code .swift} beside the checkpoint and mapped from there
 *     the next time; made anew when the checkpoint's files change. Default false
 */
public record QuantSpec(Format format, int group, boolean zeroPoint, boolean doubleQuant, boolean cached)
    implements ModelTransform {
  /** How a weight is coded. */
  public enum Format {
    /** Bytes: 8.5 bits a weight in groups of 32. */
    INT8,
    /** Codes of 4 bits: 4.5 bits a weight in groups of 32. */
    INT4,
    /** Codes of 4 bits of normal distribution: 4.5 bits a weight. */
    NF4
  }

  private static final String SCORE = "score";
  private static final Set<String> HEADS = Set.of("lm_head", "output", SCORE);
  private static final int NF4_BLOCK = 64;

  public QuantSpec {
    if (format == Format.NF4 ? group != NF4_BLOCK || zeroPoint : group != 32 && group != 64 && group != 128) {
      throw new InvalidPlanException("group_size is " + group + (zeroPoint ? " with a zero point" : "") + " for " + format
          + "; int8 and int4 have groups of 32, 64 or 128 with or without zero points, nf4 has 64 without.");
    }
  }

  /** Signed bytes in groups of 32. */
  public static QuantSpec int8() {
    return new QuantSpec(Format.INT8, 32, false, false, false);
  }

  /** Codes of 4 bits in groups of 32. */
  public static QuantSpec int4() {
    return new QuantSpec(Format.INT4, 32, false, false, false);
  }

  /** NF4 with double quantisation. */
  public static QuantSpec nf4() {
    return new QuantSpec(Format.NF4, NF4_BLOCK, false, true, false);
  }

  /** Sets how many weights share a scale. */
  public QuantSpec group(int size) {
    return new QuantSpec(format, size, zeroPoint, doubleQuant, cached);
  }

  /** Sets whether groups have zero points. */
  public QuantSpec zeroPoint(boolean on) {
    return new QuantSpec(format, group, on, doubleQuant, cached);
  }

  /** Sets whether scales are quantised in turn. */
  public QuantSpec doubleQuant(boolean on) {
    return new QuantSpec(format, group, zeroPoint, on, cached);
  }

  /** Sets whether the packed weights are kept beside the checkpoint. */
  public QuantSpec cached(boolean on) {
    return new QuantSpec(format, group, zeroPoint, doubleQuant, on);
  }

  /** What the projections of the decoder blocks become. */
  public DType type() {
    return format == Format.NF4 ? DType.NF4 : DType.tiled(format == Format.INT8 ? 8 : 4, group, zeroPoint);
  }

  /** What the output projection becomes; null = it stays. */
  public @Nullable DType head() {
    return format == Format.NF4 ? null : type().head();
  }

  @Override
  public void apply(CausalLm model) {
    Map<String, DenseLinear> linears = new LinkedHashMap<>();
    for (Map.Entry<String, Linear> entry : model.linears().entrySet()) {
      String path = entry.getKey();
      if (!(entry.getValue() instanceof DenseLinear dense)) {
        throw new InvalidPlanException("Quantise the model before adapters are attached; " + path + " has one already.");
      }
      DType wanted = type(path);
      // A new head learns, or is filled in from an adapter.
      boolean fresh = model.replacedHead() != null && path.equals(SCORE);
      if (wanted != null && !fresh && fits(dense, wanted)) {
        linears.put(path, dense);
      }
    }
    if (cached) {
      new QuantCache(model, this).apply(linears);
    } else {
      linears.forEach((path, dense) -> replace(model, path, dense, quantised(model, model.scope(), path, dense)));
    }
  }

  /** What the projection at {@code path} becomes; null = it stays. */
  @Nullable DType type(String path) {
    return HEADS.contains(path) ? head() : type();
  }

  static void replace(CausalLm model, String path, DenseLinear dense, Tensor packed) {
    model.replaceLinear(path, linear -> new DenseLinear(new Parameter(dense.weight().name(), packed), dense.bias()));
  }

  private static boolean fits(DenseLinear dense, DType type) {
    Tensor weight = dense.weight().value();
    boolean whole = weight.columns() % 16 == 0 && weight.size() % type.block() == 0;
    return !dense.transposed() && weight.dtype().isFloat() && (whole || type.tileRows() > 1);
  }

  /** The projection's weight, packed, in the memory of {@code scope}. */
  Tensor quantised(CausalLm model, Scope scope, String path, DenseLinear dense) {
    Backend backend = model.backend();
    Tensor weight = dense.weight().value();
    DType type = type(path);
    Tensor packed = scope.tensor(type == null ? type() : type, weight.shape());
    try {
      backend.quantize(weight, packed);
    } catch (ArithmeticException e) {
      throw new ModelFormatException("Cannot quantise '" + dense.weight().name() + "' of " + model.directory()
          + ": a weight is NaN or infinite. Load the checkpoint that it was made from.", e);
    }
    if (format == Format.NF4 && doubleQuant) {
      NestedScales.quantise(backend, packed);
    }
    return packed;
  }
}
