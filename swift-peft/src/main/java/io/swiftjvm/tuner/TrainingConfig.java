package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.ConfigSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How an adapter is trained beyond what PEFT's config holds, in ms-swift's {@code additional_config.json} beside it, so
 * that a training that goes on with the adapter trains the same way.
 */
public final class TrainingConfig {
  private static final String FILE = "additional_config.json";
  private static final String RATIO = "lorap_lr_ratio";
  private static final String FROZEN = "lora_fa";
  private static final String GROUP = "group_size_ratio";
  private static final String LENGTH = "group_size_length";

  private TrainingConfig() {}

  /** Writes the file where there is something to say. */
  public static void write(Path folder, LoraSpec spec) throws IOException {
    if (spec.loraPlusRatio() == null && !spec.freezeA() && !spec.attention().on()) {
      Files.deleteIfExists(folder.resolve(FILE));
      return;
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putNull("lora_dtype");
    json.put(RATIO, spec.loraPlusRatio());
    json.put("lorap_emb_lr", 1e-6);
    json.put(FROZEN, spec.freezeA());
    if (spec.attention().on()) {
      json.put(GROUP, spec.attention().ratio());
      json.put(LENGTH, spec.attention().length());
    }
    AtomicFile.write(folder.resolve(FILE), json.toPrettyString() + "\n");
  }

  /** The settings with those of the file beside them. */
  public static LoraSpec read(Path folder, LoraSpec spec) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return spec;
    }
    ConfigSection json = ConfigSection.read(file);
    OptionalDouble ratio = json.optionalNumber(RATIO, Double.MIN_VALUE, Double.MAX_VALUE);
    @Nullable Double given = ratio.isPresent() ? Double.valueOf(ratio.getAsDouble()) : null;
    ShiftedAttention attention = new ShiftedAttention(json.optionalNumber(GROUP, 0, 0.5).orElse(0),
        json.optionalInt(LENGTH, 0, Integer.MAX_VALUE).orElse(0));
    return spec.loraPlusRatio(given).freezeA(json.bool(FROZEN, false)).attention(attention);
  }
}
