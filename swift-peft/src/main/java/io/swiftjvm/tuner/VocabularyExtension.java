package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.ModelFolder;
import io.swiftjvm.hub.ShardedWriter;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.WeightNames;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes a model folder with more special tokens: they are added to the tokenizer, and the token table and output
 * projection get rows for them where they have none, in multiples of 128. A new token starts as the mean of all others,
 * so that it is neither likely nor impossible.
 *
 * {@snippet :
 * VocabularyExtension.write(Path.of("Qwen3-0.6B"), List.of("<think_more>"), Path.of("out/extended"), false);
 * }
 *
 * <p>To train on them with LoRA the rows must be trained too; full tuning does so.
 */
public final class VocabularyExtension {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final int MULTIPLE = 128;

  private VocabularyExtension() {}

  /**
   * Writes the extended model.
   *
   * @param tokens texts of the new tokens, each not a token yet
   * @param overwrite whether {@code folder} may exist and hold files
   * @return the ids of the tokens, in their order
   */
  public static List<Integer> write(Path model, List<String> tokens, Path folder, boolean overwrite) {
    ModelFolder files = ModelFolder.of(model);
    ModelExport.refuseExisting(model, folder, overwrite);
    ObjectNode tokenizer = StrictJson.readObject(files.file(TOKENIZER));
    int first = size(tokenizer);
    add(tokenizer, tokens, first);
    ModelConfig source = ModelConfig.load(model);
    ObjectNode config = StrictJson.readObject(files.file("config.json"));
    ObjectNode sizes = config.get("text_config") instanceof ObjectNode text ? text : config;
    int vocabulary = sizes.path("vocab_size").asInt();
    int wanted = first + tokens.size();
    int extended = wanted <= vocabulary ? vocabulary : Math.ceilDiv(wanted, MULTIPLE) * MULTIPLE;
    sizes.put("vocab_size", extended);
    try (Arena arena = Arena.ofConfined(); Checkpoint checkpoint = Checkpoint.open(model)) {
      Files.createDirectories(folder);
      WeightNames names = Families.of(source).names(source, checkpoint.names());
      Set<String> tables = Set.of(names.embedding() + ".weight", names.head() + ".weight");
      List<TensorEntry> weights = new ArrayList<>();
      for (String name : checkpoint.names()) {
        TensorEntry entry = checkpoint.get(name);
        weights.add(tables.contains(name) && entry.shape()[0] == vocabulary
            ? rows(entry, first, wanted, extended, arena) : entry);
      }
      ShardedWriter.write(folder, weights);
      ModelExport.copyCompanions(model, folder);
      AtomicFile.write(folder.resolve(TOKENIZER), tokenizer.toPrettyString());
      if (Files.isRegularFile(folder.resolve(TOKENIZER_CONFIG))) {
        AtomicFile.write(folder.resolve(TOKENIZER_CONFIG), declared(folder.resolve(TOKENIZER_CONFIG), tokens, first));
      }
      AtomicFile.write(folder.resolve("config.json"), config.toPrettyString() + "\n");
    } catch (IOException e) {
      throw new CheckpointException("Cannot write the model to " + folder + ": " + e + ". Free space or choose another"
          + " folder.", e);
    }
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      ids.add(first + i);
    }
    return ids;
  }

  /** One more than the largest id. */
  private static int size(ObjectNode tokenizer) {
    int size = 0;
    JsonNode vocabulary = tokenizer.path("model").path("vocab");
    if (vocabulary.isArray()) {
      size = vocabulary.size();
    }
    for (JsonNode id : vocabulary.isObject() ? vocabulary : tokenizer.arrayNode()) {
      size = Math.max(size, id.asInt() + 1);
    }
    for (JsonNode added : tokenizer.path("added_tokens")) {
      size = Math.max(size, added.path("id").asInt() + 1);
    }
    return size;
  }

  private static void add(ObjectNode tokenizer, List<String> tokens, int first) {
    ArrayNode added = tokenizer.get("added_tokens") instanceof ArrayNode list ? list : tokenizer.putArray("added_tokens");
    Set<String> known = new HashSet<>();
    added.forEach(token -> known.add(token.path("content").asText()));
    if (tokens.isEmpty()) {
      throw new InvalidPlanException("new_special_tokens is empty; name at least one token.");
    }
    for (int i = 0; i < tokens.size(); i++) {
      String token = tokens.get(i);
      if (token.isBlank() || !known.add(token) || tokenizer.path("model").path("vocab").has(token)) {
        throw new InvalidPlanException("new_special_tokens has '" + token + "', which is empty or a token already. Name "
            + "tokens that the model does not have.");
      }
      added.addObject().put("id", first + i).put("content", token).put("single_word", false).put("lstrip", false)
          .put("rstrip", false).put("normalized", false).put("special", true);
    }
  }

  private static String declared(Path file, List<String> tokens, int first) {
    ObjectNode config = StrictJson.readObject(file);
    String key = config.has("extra_special_tokens") && config.get("extra_special_tokens").isArray()
        ? "extra_special_tokens" : "additional_special_tokens";
    ArrayNode list = config.get(key) instanceof ArrayNode old ? old : config.putArray(key);
    tokens.forEach(list::add);
    if (config.get("added_tokens_decoder") instanceof ObjectNode decoder) {
      for (int i = 0; i < tokens.size(); i++) {
        decoder.putObject(String.valueOf(first + i)).put("content", tokens.get(i)).put("lstrip", false)
            .put("normalized", false).put("rstrip", false).put("single_word", false).put("special", true);
      }
    }
    return config.toPrettyString() + "\n";
  }

  /** The table with rows {@code [first, wanted)} set to the mean of those before, and zeros up to {@code extended}. */
  private static TensorEntry rows(TensorEntry entry, int first, int wanted, int extended, Arena arena) {
    DType type = entry.dtype();
    if (!type.isFloat()) {
      throw new ModelFormatException("Cannot add tokens: the table " + entry.name() + " holds " + type + ".");
    }
    int columns = Math.toIntExact(entry.shape()[1]);
    long row = (long) columns * type.bytes();
    MemorySegment table = arena.allocate(row * extended, 64);
    MemorySegment.copy(entry.data(), 0, table, 0, Math.min(entry.data().byteSize(), table.byteSize()));
    double[] mean = new double[columns];
    for (int r = 0; r < first; r++) {
      for (int c = 0; c < columns; c++) {
        mean[c] += get(table, type, r * row + (long) c * type.bytes());
      }
    }
    for (int r = first; r < wanted; r++) {
      for (int c = 0; c < columns; c++) {
        set(table, type, r * row + (long) c * type.bytes(), (float) (mean[c] / first));
      }
    }
    return new TensorEntry(entry.name(), type, new long[] {extended, columns}, table);
  }

  private static float get(MemorySegment table, DType type, long at) {
    return switch (type) {
      case F32 -> table.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
      case BF16 -> Float.intBitsToFloat(table.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << 16);
      default -> Float.float16ToFloat(table.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
    };
  }

  private static void set(MemorySegment table, DType type, long at, float value) {
    switch (type) {
      case F32 -> table.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
      case BF16 -> {
        int bits = Float.floatToRawIntBits(value);
        table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16));
      }
      default -> table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
    }
  }
}
