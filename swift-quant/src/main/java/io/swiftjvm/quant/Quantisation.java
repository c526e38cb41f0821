package io.swiftjvm.quant;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Quantises the projections of a model when it has been loaded: the weights in memory, not the checkpoint. Applied
 * before
 * adapters are attached; those then train beside the frozen quantised weights (QLoRA, arXiv 2305.14314).
 *
 * {@snippet :
 * Quantisation.NF4.apply(model);
 * LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * <p>For NF4, projections whose rows or size are no whole blocks stay as they are. The token table always does. The output
 * projection becomes int8 for {@link #INT8} and {@link #INT4} and stays for the others.
 */
public enum Quantisation implements ModelTransform {
  /** Signed bytes, a float16 scale for 32 of them: 8.5 bits a weight. */
  INT8(DType.Q8, DType.Q8),
  /** Codes of 4 bits, a float16 scale for 32 of them: 4.5 bits a weight. */
  INT4(DType.Q4, DType.Q8),
  /**
   * Codes of 4 bits of normal distribution, a scale for 64 of them, the scales quantised in turn: 4.5 bits a weight.
   */
  NF4(DType.NF4, null),
  /** {@link #NF4} whose scales stay float32: the same size here, a little more exact. */
  NF4_SINGLE(DType.NF4, null);

  private static final int NESTED = 256;
  private static final Set<String> HEADS = Set.of("lm_head", "output", "score");

  private final DType type;
  private final @Nullable DType head;

  Quantisation(DType type, @Nullable DType head) {
    this.type = type;
    this.head = head;
  }

  /** What the projections of the decoder blocks become. */
  public DType type() {
    return type;
  }

  @Override
  public void apply(CausalLm model) {
    for (Map.Entry<String, Linear> entry : model.linears().entrySet()) {
      String path = entry.getKey();
      if (!(entry.getValue() instanceof DenseLinear dense)) {
        throw new InvalidPlanException("Quantise the model before adapters are attached; " + path + " has one already.");
      }
      boolean last = HEADS.contains(path);
      DType wanted = last ? head : type;
      if (wanted != null && fits(dense, wanted)) {
        model.replaceLinear(path, linear -> quantised(model, dense, wanted, this == NF4));
      }
    }
  }

  private static boolean fits(DenseLinear dense, DType type) {
    Tensor weight = dense.weight().value();
    boolean whole = weight.columns() % 16 == 0 && weight.size() % type.block() == 0;
    return !dense.transposed() && weight.dtype().isFloat() && (whole || type.tileRows() > 1);
  }

  private static DenseLinear quantised(CausalLm model, DenseLinear dense, DType type, boolean nested) {
    Backend backend = model.backend();
    Tensor packed = model.scope().tensor(type, dense.weight().value().shape());
    backend.quantize(dense.weight().value(), packed);
    if (nested) {
      quantiseScales(backend, packed);
    }
    return new DenseLinear(new Parameter(dense.weight().name(), packed), dense.bias());
  }

  /** Double quantisation as in bitsandbytes: scales less their mean, in bytes with a scale for 256 of them. */
  private static void quantiseScales(Backend backend, Tensor packed) {
    byte[] bytes = new byte[Math.toIntExact(packed.bytes())];
    MemorySegment blocks = MemorySegment.ofArray(bytes);
    backend.download(packed, blocks);
    int step = Math.toIntExact(DType.NF4.bytes(DType.NF4.block()));
    float[] scales = new float[bytes.length / step];
    double sum = 0;
    for (int i = 0; i < scales.length; i++) {
      scales[i] = blocks.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * step);
      sum += scales[i];
    }
    float offset = (float) (sum / scales.length);
    float[] map = DynamicMap.signed();
    for (int from = 0; from < scales.length; from += NESTED) {
      int to = Math.min(scales.length, from + NESTED);
      float most = 0;
      for (int i = from; i < to; i++) {
        most = Math.max(most, Math.abs(scales[i] - offset));
      }
      for (int i = from; i < to; i++) {
        float code = most == 0 ? 0 : map[DynamicMap.nearest(map, (scales[i] - offset) / most)];
        blocks.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * step, code * most + offset);
      }
    }
    backend.upload(blocks, packed);
  }
}
