package io.swiftjvm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.error.TokenizerException;
import io.swiftjvm.hub.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Loads {@code tokenizer.json} with Hugging Face's own Rust library, as packed by DJL.
 *
 * <p>DJL picks a native library by the GPU that it finds and would download one for some: that is switched off here by the
 * system property {@code RUST_FLAVOR=cpu}, set only where the application has not set it. This is the one process-wide
 * setting that the library makes; DJL offers no other way, and a tokenizer must never reach for the network.
 */
public final class HuggingFaceTokenizers {
  private static final String FLAVOR = "RUST_FLAVOR";

  private HuggingFaceTokenizers() {}

  /** The tokenizer of a model folder; {@link TokenizerException} names the file and what is wrong with it. */
  public static Tokenizer load(Path modelDir) {
    Path file = modelDir.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new TokenizerException("The model folder " + modelDir + " has no tokenizer.json. Pass a folder with one; "
          + "convert a tokenizer.model with transformers (save_pretrained of the fast tokenizer).");
    }
    try {
      ObjectNode json = StrictJson.readObject(file);
      Path config = modelDir.resolve("tokenizer_config.json");
      ObjectNode settings = Files.isRegularFile(config) ? StrictJson.readObject(config) : json.objectNode();
      Map<String, Integer> ids = vocabulary(file, json);
      Set<String> specialTexts = new TreeSet<>();
      SpecialTokens special = special(json, settings, ids, specialTexts);
      return new RustTokenizer(file, open(file), ids, special, specialTexts);
    } catch (TokenizerException e) {
      throw e;
    } catch (SwiftException e) {
      throw new TokenizerException(String.valueOf(e.getMessage()), e);
    }
  }

  private static HuggingFaceTokenizer open(Path file) {
    if (System.getProperty(FLAVOR) == null) {
      System.setProperty(FLAVOR, "cpu");
    }
    try {
      return HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"));
    } catch (Exception | LinkageError e) {
      throw new TokenizerException("Cannot read " + file + ": " + e.getMessage() + ". Save it again with tokenizers.", e);
    }
  }

  private static Map<String, Integer> vocabulary(Path file, ObjectNode json) {
    Map<String, Integer> ids = new HashMap<>();
    JsonNode vocab = json.path("model").path("vocab");
    if (vocab.isObject()) {
      vocab.properties().forEach(e -> ids.put(e.getKey(), e.getValue().asInt()));
    } else if (vocab.isArray()) {
      for (int i = 0; i < vocab.size(); i++) {
        ids.put(vocab.get(i).path(0).asText(), i);
      }
    } else {
      throw new TokenizerException("Cannot read " + file + ": it has no model.vocab. Save it again with tokenizers.");
    }
    json.path("added_tokens").forEach(t -> ids.put(t.path("content").asText(), t.path("id").asInt()));
    return ids;
  }

  private static SpecialTokens special(
      ObjectNode json, ObjectNode settings, Map<String, Integer> ids, Set<String> texts) {
    Set<Integer> all = new TreeSet<>();
    json.path("added_tokens").forEach(t -> {
      if (t.path("special").asBoolean()) {
        all.add(t.path("id").asInt());
        texts.add(t.path("content").asText());
      }
    });
    return new SpecialTokens(id(settings, "bos_token", ids), id(settings, "eos_token", ids),
        id(settings, "pad_token", ids), id(settings, "unk_token", ids), all,
        Optional.ofNullable(text(settings, "bos_token")), Optional.ofNullable(text(settings, "eos_token")));
  }

  private static OptionalInt id(ObjectNode settings, String key, Map<String, Integer> ids) {
    String text = text(settings, key);
    Integer id = text == null ? null : ids.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private static @Nullable String text(ObjectNode settings, String key) {
    JsonNode node = settings.path(key);
    JsonNode value = node.isObject() ? node.path("content") : node;
    return value.isTextual() ? value.asText() : null;
  }
}
