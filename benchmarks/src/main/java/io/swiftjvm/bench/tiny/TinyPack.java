package io.swiftjvm.bench.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Rounds a float32 model folder to bfloat16 (to nearest, ties to even) and lists its files in {@code files.txt}, ready
 * to be put among the resources.
 *
 * <pre>TinyPack TRAINED_DIR OUT_DIR</pre>
 */
public final class TinyPack {
  private static final List<String> TEXTS =
      List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json");

  private TinyPack() {}

  /** Writes the packed folder. The text files come from the same trained folder. */
  public static void main(String[] args) throws IOException {
    Path from = Path.of(args[0]);
    Path to = Files.createDirectories(Path.of(args[1]));
    try (Checkpoint weights = Checkpoint.open(from)) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (String name : weights.names()) {
        TensorEntry entry = weights.get(name);
        writer.add(name, DType.BF16, entry.shape(), rounded(entry.floats()));
      }
      writer.write(to.resolve("model.safetensors"));
    }
    ObjectMapper json = new ObjectMapper();
    ObjectNode config = (ObjectNode) json.readTree(Files.readString(from.resolve("config.json")));
    config.remove("torch_dtype");
    TokenizerFiles.write(to.resolve("config.json"), config.put("dtype", "bfloat16"));
    for (String name : TEXTS) {
      Files.writeString(to.resolve(name), Files.readString(from.resolve(name)));
    }
    Files.writeString(to.resolve("files.txt"), "config.json\nmodel.safetensors\n" + String.join("\n", TEXTS) + "\n");
  }

  private static MemorySegment rounded(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      int bits = Float.floatToRawIntBits(value);
      bytes.putShort((short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16));
    }
    return MemorySegment.ofBuffer(bytes.flip());
  }
}
