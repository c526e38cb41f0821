package io.swiftjvm.quant;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/**
 * Checkpoints of bitsandbytes in NF4, blocks of 64, with or without double quantisation (arXiv 2305.14314). Codes are
 * kept
 * as they are; the scales of double quantisation are widened to float32 once.
 *
 * {@snippet :
 * CausalLm model = CausalLm.load(folder, backend, LoadOptions.AS_STORED.formats(List.of(new BitsAndBytes())));
 * }
 */
public final class BitsAndBytes implements WeightFormat {
  private static final String STATE = ".quant_state.bitsandbytes__nf4";
  private static final Set<String> PARTS =
      Set.of(".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", STATE);
  private static final int BLOCK = 64;
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public boolean reads(ModelConfig source) {
    return source.root().section("quantization_config").filter(config ->
        config.optionalString("quant_method").orElse("").equals("bitsandbytes")
            && config.bool("load_in_4bit", false)
            && config.optionalString("bnb_4bit_quant_type").orElse("fp4").equals("nf4")).isPresent();
  }

  @Override
  public boolean covers(Checkpoint checkpoint, String name) {
    return checkpoint.contains(name + STATE);
  }

  @Override
  public boolean isPart(Checkpoint checkpoint, String tensor) {
    return PARTS.stream().anyMatch(part ->
        tensor.endsWith(part) && checkpoint.contains(tensor.substring(0, tensor.length() - part.length())));
  }

  @Override
  public Tensor read(Checkpoint checkpoint, String name, long[] shape, Backend backend, Scope scope) {
    JsonNode state = state(checkpoint, name);
    long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (state.path("blocksize").asInt() != BLOCK || size % BLOCK != 0 || shape[shape.length - 1] % 16 != 0) {
      throw refusal(checkpoint, name, "blocks of " + state.path("blocksize") + " over " + Arrays.toString(shape)
          + ", blocks of " + BLOCK + " over rows of whole 16s are read");
    }
    long[] stored = new long[state.path("shape").size()];
    Arrays.setAll(stored, i -> state.path("shape").get(i).asLong());
    TensorEntry codes = checkpoint.get(name);
    if (!Arrays.equals(stored, shape) || codes.dtype() != DType.U8 || codes.elements() != size / 2) {
      throw refusal(checkpoint, name, codes + " for " + Arrays.toString(stored) + ", the model needs "
          + Arrays.toString(shape));
    }
    float[] scales = scales(checkpoint, name, state, size / BLOCK);
    Tensor packed = scope.tensor(DType.NF4, shape);
    byte[] blocks = new byte[Math.toIntExact(packed.bytes())];
    MemorySegment out = MemorySegment.ofArray(blocks);
    for (int b = 0; b < scales.length; b++) {
      int at = Math.toIntExact(DType.NF4.bytes((long) b * BLOCK));
      out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, scales[b]);
      for (int i = 0; i < BLOCK; i++) {
        // Two elements in a byte, the first one in its high half.
        int pair = codes.data().get(ValueLayout.JAVA_BYTE, ((long) b * BLOCK + i) / 2);
        int code = i % 2 == 0 ? pair >> 4 & 15 : pair & 15;
        int place = at + 4 + i / 32 * 16 + i % 16;
        blocks[place] |= (byte) (i % 32 < 16 ? code : code << 4);
      }
    }
    backend.upload(out, packed);
    return packed;
  }

  private static JsonNode state(Checkpoint checkpoint, String name) {
    byte[] text = checkpoint.get(name + STATE).data().toArray(ValueLayout.JAVA_BYTE);
    try {
      return JSON.readTree(new String(text, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw refusal(checkpoint, name, "a quant_state that is no JSON: " + e.getOriginalMessage());
    }
  }

  private static float[] scales(Checkpoint checkpoint, String name, JsonNode state, long count) {
    TensorEntry absmax = part(checkpoint, name, ".absmax");
    if (absmax.elements() != count) {
      throw refusal(checkpoint, name, absmax + ", " + count + " scales are needed");
    }
    if (absmax.dtype().isFloat()) {
      return absmax.floats();
    }
    float[] map = part(checkpoint, name, ".nested_quant_map").floats();
    float[] nested = part(checkpoint, name, ".nested_absmax").floats();
    int block = state.path("nested_blocksize").asInt(256);
    float offset = (float) state.path("nested_offset").asDouble();
    if (map.length != 256 || block < 1 || nested.length != Math.ceilDiv(count, block)) {
      throw refusal(checkpoint, name, nested.length + " nested scales of blocks of " + block + " and " + map.length
          + " codes for " + count + " scales");
    }
    long[] codes = absmax.longs();
    float[] scales = new float[codes.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = map[(int) codes[i]] * nested[i / block] + offset;
    }
    return scales;
  }

  private static TensorEntry part(Checkpoint checkpoint, String name, String part) {
    if (!checkpoint.contains(name + part)) {
      throw refusal(checkpoint, name, "no tensor '" + name + part + "'");
    }
    return checkpoint.get(name + part);
  }

  private static ModelFormatException refusal(Checkpoint checkpoint, String name, String found) {
    return new ModelFormatException("Cannot read the quantised weight '" + name + "' in " + checkpoint.folder()
        + ": found " + found + ". Quantise the model again, or take the unquantised one.");
  }
}
