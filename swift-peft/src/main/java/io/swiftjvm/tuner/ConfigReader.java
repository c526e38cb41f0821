package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads an {@code adapter_config.json} strictly: a value of the wrong kind, and a key that nobody asked for and that is
 * not switched off, are refused by file and key.
 *
 * {@snippet :
 * ConfigReader config = ConfigReader.open(Path.of("adapter/adapter_config.json"));
 * int rank = config.integer("r", 8);
 * config.refuseRest();
 * }
 */
public final class ConfigReader {
  /** Keys that change nothing in the arithmetic. */
  private static final Set<String> HARMLESS = Set.of("peft_type", "task_type", "base_model_name_or_path",
      "auto_mapping", "inference_mode", "revision", "peft_version", "megatron_core", "qalora_group_size");

  private final Path file;
  private final ObjectNode json;
  private final Set<String> asked = new HashSet<>(HARMLESS);

  private ConfigReader(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /** Reads the file; {@link ModelFormatException} if it is not a JSON object. */
  public static ConfigReader open(Path file) {
    return new ConfigReader(file, StrictJson.readObject(file));
  }

  public Path file() {
    return file;
  }

  /** The value under {@code key}, a missing node where there is none. */
  public JsonNode node(String key) {
    asked.add(key);
    return json.path(key);
  }

  /** True if {@code key} is there and not null. */
  public boolean has(String key) {
    return present(node(key));
  }

  /** A text, or {@code fallback} where there is none. */
  public String text(String key, String fallback) {
    return has(key) ? node(key).asText() : fallback;
  }

  /** A whole number, or {@code fallback} where there is none. */
  public int integer(String key, int fallback) {
    return has(key) ? intOf(key, node(key)) : fallback;
  }

  /** A number, or {@code fallback} where there is none. */
  public double number(String key, double fallback) {
    return has(key) ? numberOf(key, node(key)) : fallback;
  }

  /** True or false, false where there is none. */
  public boolean flag(String key) {
    return flag(key, false);
  }

  /** True or false, or {@code fallback} where there is none. */
  public boolean flag(String key, boolean fallback) {
    JsonNode node = node(key);
    if (!present(node)) {
      return fallback;
    }
    if (!node.isBoolean()) {
      throw refusal(key, node + " is neither true nor false");
    }
    return node.booleanValue();
  }

  /** Refuses a number other than {@code harmless} under one of {@code keys}: an option that is not there. */
  public void only(double harmless, String... keys) {
    for (String key : keys) {
      if (number(key, harmless) != harmless) {
        throw refusal(key, node(key) + " is a feature that this version does not have, only " + harmless + " is");
      }
    }
  }

  /** Refuses a text or flag under {@code key} that is none of {@code harmless}. */
  public void only(String key, String... harmless) {
    if (has(key) && !List.of(harmless).contains(node(key).asText())) {
      throw refusal(key, node(key) + " is not supported, only " + String.join(", ", harmless) + " is");
    }
  }

  /** Refuses every key that was not asked for, unless it is null, false or empty. */
  public void refuseRest() {
    refuseRest(Set.of());
  }

  void refuseRest(Set<String> known) {
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      if (!asked.contains(entry.getKey()) && !known.contains(entry.getKey()) && !off(entry.getValue())) {
        throw refusal(entry.getKey(), entry.getValue() + " is a feature that this version does not have");
      }
    }
  }

  private static boolean off(JsonNode value) {
    return value.isNull() || (value.isBoolean() && !value.booleanValue())
        || (value.isContainerNode() && value.isEmpty());
  }

  /** The projections that the settings name. */
  public LoraTargets targets() {
    JsonNode modules = node("target_modules");
    List<Integer> layers = new ArrayList<>();
    JsonNode wanted = node("layers_to_transform");
    if (wanted.isArray()) {
      wanted.forEach(node -> layers.add(intOf("layers_to_transform", node)));
    } else if (present(wanted)) {
      layers.add(intOf("layers_to_transform", wanted));
    }
    boolean regex = modules.isTextual() && !modules.textValue().equals(LoraTargets.ALL_LINEAR);
    if (node("exclude_modules").isTextual()) {
      throw refusal("exclude_modules", "a pattern is not supported, only a list of names is");
    }
    List<String> named = new ArrayList<>(regex ? List.of() : names("target_modules"));
    if (!regex && named.isEmpty()) {
      named.addAll(names("target_parameters"));
    }
    return new LoraTargets(named, regex ? modules.textValue() : null,
        names("exclude_modules"), layers, layersPattern());
  }

  private @Nullable String layersPattern() {
    List<String> names = names("layers_pattern");
    return names.isEmpty() ? null : "(?:" + String.join("|", names) + ")";
  }

  /** A list of names; one text is a list of one. */
  public List<String> names(String key) {
    JsonNode node = node(key);
    if (node.isTextual()) {
      return List.of(node.textValue());
    }
    List<String> names = new ArrayList<>();
    if (present(node)) {
      if (!node.isArray()) {
        throw refusal(key, node + " is not a list of names");
      }
      for (JsonNode name : node) {
        if (!name.isTextual()) {
          throw refusal(key, name + " is not a name");
        }
        names.add(name.textValue());
      }
    }
    return names;
  }

  /** A list of whole numbers. */
  public List<Integer> integers(String key) {
    List<Integer> values = new ArrayList<>();
    if (!node(key).isArray()) {
      throw refusal(key, node(key) + " is not a list of whole numbers");
    }
    node(key).forEach(value -> values.add(intOf(key, value)));
    return values;
  }

  /** Lists of true and false by name. */
  public Map<String, List<Boolean>> flags(String key) {
    return pattern(key, list -> {
      List<Boolean> flags = new ArrayList<>();
      for (JsonNode flag : list) {
        if (!flag.isBoolean()) {
          throw refusal(key, flag + " is neither true nor false");
        }
        flags.add(flag.booleanValue());
      }
      return flags;
    });
  }

  <T> Map<String, T> pattern(String key, Function<JsonNode, T> value) {
    Map<String, T> patterns = new LinkedHashMap<>();
    if (present(node(key))) {
      if (!node(key).isObject()) {
        throw refusal(key, node(key) + " is not an object");
      }
      node(key).properties().forEach(
          entry -> patterns.put(StackedExpertKeys.pattern(entry.getKey()), value.apply(entry.getValue())));
    }
    return patterns;
  }

  int intOf(String key, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw refusal(key, (node.isMissingNode() ? "nothing" : node) + " is not a whole number");
    }
    return node.intValue();
  }

  double numberOf(String key, JsonNode node) {
    if (!node.isNumber()) {
      throw refusal(key, (node.isMissingNode() ? "nothing" : node) + " is not a number");
    }
    return node.doubleValue();
  }

  static boolean present(JsonNode node) {
    return !node.isMissingNode() && !node.isNull();
  }

  /** The complaint about {@code key}, to be thrown. */
  public ModelFormatException refusal(String key, String found) {
    return new ModelFormatException("Cannot use the adapter " + file + ": " + key + ": " + found
        + ". Correct the setting, or save the adapter again without it.");
  }
}
