package io.swiftjvm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.infer.Speculation;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.run.LoadedModel;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code --speculative_config} as vLLM writes it: {@code {"method": "ngram", "num_speculative_tokens": 5}} or
 * {@code {"model": DIR, "num_speculative_tokens": 4}}. Holds the draft model open.
 *
 * @param speculation null = none
 * @param draft null = none
 */
record SpeculativeFlag(@Nullable Speculation speculation, @Nullable LoadedModel draft) implements AutoCloseable {
  private static final String NAME = "speculative_config";
  private static final Set<String> KEYS =
      Set.of("method", "model", "num_speculative_tokens", "prompt_lookup_min", "prompt_lookup_max");

  /** Reads the flag, and loads the draft model if there is one. */
  static SpeculativeFlag open(Call call) {
    Optional<String> text = call.flag(NAME);
    if (text.isEmpty()) {
      return new SpeculativeFlag(null, null);
    }
    JsonNode json = read(text.get());
    int tokens = number(json, "num_speculative_tokens", 5);
    String method = json.path("method").asText(json.has("model") ? "draft_model" : "ngram");
    switch (method) {
      case "ngram" -> {
        int least = number(json, "prompt_lookup_min", 2);
        return new SpeculativeFlag(
            new Speculation.Ngram(tokens, least, number(json, "prompt_lookup_max", Math.max(least, 4))), null);
      }
      case "draft_model" -> {
        if (!json.path("model").isTextual()) {
          throw wrong("needs a model", text.get());
        }
        String model = json.get("model").textValue();
        LoadedModel draft = LoadedModel.open(Settings.DEFAULT.model(m -> m.model(model)));
        try {
          return new SpeculativeFlag(new Speculation.Draft(draft.model(), tokens), draft);
        } catch (RuntimeException e) {
          draft.close();
          throw e;
        }
      }
      default -> throw wrong("takes the methods ngram and draft_model", text.get());
    }
  }

  private static JsonNode read(String text) {
    try {
      JsonNode json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).readTree(text);
      if (!json.isObject() || json.properties().stream().anyMatch(field -> !KEYS.contains(field.getKey()))) {
        throw wrong("takes a JSON object of " + KEYS, text);
      }
      return json;
    } catch (JsonProcessingException e) {
      throw wrong("takes JSON", text);
    }
  }

  private static int number(JsonNode json, String key, int absent) {
    JsonNode value = json.path(key);
    if (!value.isMissingNode() && !value.canConvertToInt()) {
      throw wrong("takes whole numbers", json.toString());
    }
    return value.asInt(absent);
  }

  private static UsageException wrong(String what, String found) {
    return new UsageException("--" + NAME + " " + what + ", got '" + found + "'");
  }

  @Override
  public void close() {
    if (draft != null) {
      draft.close();
    }
  }
}
