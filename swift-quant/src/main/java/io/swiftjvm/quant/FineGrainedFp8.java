package io.swiftjvm.quant;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.WeightFormat;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Checkpoints with {@code quant_method: fp8}: float8 e4m3 weights and {@code weight_scale_inv}, one float32 factor for the
 * whole weight or for each block of 128 by 128 (DeepSeek-V3, arXiv 2412.19437, 3.3.2). The bytes are kept,
 * activations are not rounded. Rows that are no whole blocks of 128 are widened to float32.
 *
 * {@snippet :
 * CausalLm model = CausalLm.load(folder, backend, LoadOptions.AS_STORED.formats(List.of(new FineGrainedFp8())));
 * }
 */
public final class FineGrainedFp8 implements WeightFormat {
  private static final String SCALE = "_scale_inv";
  private static final int SIDE = 128;
  private static final int NAN = 0x7f;

  @Override
  public boolean reads(ModelConfig source) {
    return source.root().section("quantization_config").filter(config ->
        config.optionalString("quant_method").orElse("").equals("fp8")
            && config.optionalString("activation_scheme").orElse("dynamic").equals("dynamic")
            && (config.ints("weight_block_size", 1, Integer.MAX_VALUE).isEmpty()
            || config.ints("weight_block_size", 1, Integer.MAX_VALUE).equals(List.of(SIDE, SIDE)))).isPresent();
  }

  @Override
  public boolean covers(Checkpoint checkpoint, String name) {
    return checkpoint.contains(name + SCALE);
  }

  @Override
  public boolean isPart(Checkpoint checkpoint, String tensor) {
    return tensor.endsWith(SCALE) && checkpoint.contains(tensor.substring(0, tensor.length() - SCALE.length()));
  }

  @Override
  public Tensor read(Checkpoint checkpoint, String name, long[] shape, Backend backend, Scope scope) {
    TensorEntry codes = checkpoint.get(name);
    if (codes.dtype() != DType.F8_E4M3 || !Arrays.equals(codes.shape(), shape) || shape.length != 2) {
      throw refusal(checkpoint, name, codes + ", the model needs F8_E4M3 " + Arrays.toString(shape));
    }
    Grid grid = Grid.of(checkpoint, name, shape);
    for (long i = 0; i < codes.elements(); i++) {
      if ((codes.data().get(ValueLayout.JAVA_BYTE, i) & NAN) == NAN) {
        throw refusal(checkpoint, name, "a weight that is no number, the one at " + i);
      }
    }
    int block = DType.F8_BLOCK.block();
    return shape[1] % block == 0 && grid.columns % block == 0 ? packed(codes, grid, scope)
        : widened(codes, grid, backend, scope);
  }

  /** Each block of a row behind its scale. */
  private static Tensor packed(TensorEntry codes, Grid grid, Scope scope) {
    int block = DType.F8_BLOCK.block();
    Tensor packed = scope.tensor(DType.F8_BLOCK, codes.shape());
    long across = packed.columns() / block;
    byte[] row = new byte[Math.toIntExact(DType.F8_BLOCK.bytes(packed.columns()))];
    MemorySegment to = MemorySegment.ofArray(row);
    for (long r = 0; r < packed.rows(); r++) {
      for (long b = 0; b < across; b++) {
        long at = DType.F8_BLOCK.bytes(b * block);
        to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, grid.scale(r, b * block));
        MemorySegment.copy(codes.data(), (r * across + b) * block, to, at + Float.BYTES, block);
      }
      packed.write(to, r * row.length);
    }
    return packed;
  }

  private static Tensor widened(TensorEntry codes, Grid grid, Backend backend, Scope scope) {
    backend.fallbacks().other("weights of " + DType.F8_E4M3.shortName(), "rows are no whole blocks of 128, widened to float32");
    Tensor wide = scope.floats(codes.shape());
    try (Scope temporary = new Scope(backend)) {
      Tensor narrow = temporary.tensor(DType.F8_E4M3, codes.shape());
      backend.upload(codes.data(), narrow);
      backend.cast(narrow, wide);
    }
    float[] values = wide.toFloats();
    long columns = codes.shape()[1];
    for (int i = 0; i < values.length; i++) {
      values[i] *= grid.scale(i / columns, i % columns);
    }
    backend.upload(MemorySegment.ofArray(values), wide);
    return wide;
  }

  /** The scales, each of {@code rows} by {@code columns} weights. */
  private record Grid(float[] scales, long across, long rows, long columns) {
    static Grid of(Checkpoint checkpoint, String name, long[] shape) {
      TensorEntry entry = checkpoint.get(name + SCALE);
      if (!entry.dtype().isFloat()) {
        throw refusal(checkpoint, name, entry + " as scales");
      }
      float[] scales = entry.floats();
      for (float scale : scales) {
        if (!Float.isFinite(scale)) {
          throw refusal(checkpoint, name, "a scale of " + scale);
        }
      }
      if (entry.elements() == 1) {
        return new Grid(scales, 1, Long.MAX_VALUE, DType.F8_BLOCK.block() * (shape[1] + 1));
      }
      long[] grid = entry.shape();
      if (grid.length == 2) {
        if (Math.ceilDiv(shape[0], (long) SIDE) == grid[0] && Math.ceilDiv(shape[1], (long) SIDE) == grid[1]) {
          return new Grid(scales, grid[1], SIDE, SIDE);
        }
      }
      throw refusal(checkpoint, name, entry + " as scales of " + Arrays.toString(shape));
    }

    float scale(long row, long column) {
      return scales[Math.toIntExact(row / rows * across + column / columns)];
    }
  }

  private static ModelFormatException refusal(Checkpoint checkpoint, String name, String found) {
    return new ModelFormatException("Cannot read the float8 weight '" + name + "' in " + checkpoint.folder() + ": found "
        + found + ". Quantise the model again, or take the unquantised one.");
  }
}
