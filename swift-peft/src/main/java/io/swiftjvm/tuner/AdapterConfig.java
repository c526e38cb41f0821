package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code adapter_config.json}: PEFT's is read into a {@link LoraSpec}, ours has the few keys that PEFT needs. */
final class AdapterConfig {
  static final String FILE = "adapter_config.json";

  /** Keys that change nothing here, or that are read below. */
  private static final Set<String> KNOWN = Set.of("peft_type", "task_type", "base_model_name_or_path", "r",
      "lora_alpha", "lora_dropout", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern",
      "rank_pattern", "alpha_pattern", "use_rslora", "lora_bias", "bias", "init_lora_weights", "auto_mapping",
      "inference_mode", "modules_to_save", "trainable_token_indices", "revision", "peft_version", "megatron_core",
      "qalora_group_size", "alora_invocation_tokens", "target_parameters");
  /** Starts that are overwritten by the saved weights and leave the base alone. */
  private static final Set<String> HARMLESS_INIT = Set.of("true", "false", "gaussian", "orthogonal", "eva");

  private final Path file;
  private final ObjectNode json;

  private AdapterConfig(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /**
   * What a file says.
   *
   * @param modulesToSave ends of names of modules that are stored whole
   * @param tokens rows of the token table that are stored
   * @param invocation tokens that switch the adapter on; or null
   * @param stacked some targets are parameters, such as stacked experts: names of projections do not tell all
   */
  record Settings(
      LoraSpec spec, List<String> modulesToSave, List<Integer> tokens, @Nullable Invocation invocation,
      boolean stacked) {}

  /** Reads and checks; anything that would change the arithmetic in a way not done here is refused by its name. */
  static Settings read(Path file) {
    AdapterConfig config = new AdapterConfig(file, StrictJson.readObject(file));
    config.refuseUnsupported();
    try {
      return new Settings(config.spec(), config.names("modules_to_save"), config.tokens(),
          config.invocation(), !config.names("target_parameters").isEmpty());
    } catch (InvalidPlanException e) {
      throw new ModelFormatException("Cannot use " + file + ": " + e.getMessage(), e);
    }
  }

  private void refuseUnsupported() {
    String type = json.path("peft_type").asText("");
    if (!type.equals("LORA")) {
      throw refusal("peft_type", "'" + type + "' is not a tuner of this version, only LORA is");
    }
    if (!json.path("bias").asText("none").equals("none")) {
      throw refusal("bias", json.path("bias") + " trains biases of the base, only \"none\" is done");
    }
    String init = json.path("init_lora_weights").asText("true");
    if (!HARMLESS_INIT.contains(init) && !init().insideWeight()) {
      throw refusal("init_lora_weights", "'" + init + "' changes the weights of the base, so the adapter alone is not "
          + "enough; convert it to a plain LoRA with PEFT's save_pretrained(path_initial_model_for_weight_conversion)");
    }
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      if (!KNOWN.contains(entry.getKey()) && !off(entry.getValue())) {
        throw refusal(entry.getKey(), entry.getValue() + " is a feature that this version does not have");
      }
    }
  }

  private static boolean off(JsonNode value) {
    return value.isNull() || value.isBoolean() && !value.booleanValue() || value.isContainerNode() && value.isEmpty();
  }

  private LoraSpec spec() {
    int rank = intOf("r", json.path("r"));
    double alpha = numberOf("lora_alpha", json.path("lora_alpha"));
    double dropout = json.has("lora_dropout") ? numberOf("lora_dropout", json.path("lora_dropout")) : 0;
    return new LoraSpec(rank, alpha, dropout, targets(), flag("use_rslora"), null,
        init(), pattern("rank_pattern", node -> intOf("rank_pattern", node)),
        pattern("alpha_pattern", node -> numberOf("alpha_pattern", node)));
  }

  private LoraInit init() {
    return switch (json.path("init_lora_weights").asText("true")) {
      case "pissa" -> LoraInit.PISSA;
      case "olora" -> LoraInit.OLORA;
      default -> LoraInit.KAIMING_UNIFORM;
    };
  }

  private LoraTargets targets() {
    JsonNode modules = json.path("target_modules");
    List<Integer> layers = new ArrayList<>();
    JsonNode wanted = json.path("layers_to_transform");
    if (wanted.isArray()) {
      wanted.forEach(node -> layers.add(intOf("layers_to_transform", node)));
    } else if (present(wanted)) {
      layers.add(intOf("layers_to_transform", wanted));
    }
    boolean regex = modules.isTextual() && !modules.textValue().equals(LoraTargets.ALL_LINEAR);
    if (json.path("exclude_modules").isTextual()) {
      throw refusal("exclude_modules", "a pattern is not supported, only a list of names is");
    }
    List<String> named = new ArrayList<>(regex ? List.of() : names("target_modules"));
    if (!regex && named.isEmpty()) {
      named.addAll(names("target_parameters"));
    }
    return new LoraTargets(named, regex ? modules.textValue() : null,
        names("exclude_modules"), layers, layersPattern());
  }

  // A list, or an object with one list, that of the token table.
  private List<Integer> tokens() {
    JsonNode node = json.path("trainable_token_indices");
    if (node.isObject() && node.size() == 1) {
      node = node.elements().next();
    }
    List<Integer> tokens = new ArrayList<>();
    if (present(node) && !node.isArray()) {
      throw refusal("trainable_token_indices", node + " is not one list of token ids");
    }
    node.forEach(token -> tokens.add(intOf("trainable_token_indices", token)));
    return tokens;
  }

  private @Nullable Invocation invocation() {
    List<Integer> tokens = new ArrayList<>();
    json.path("alora_invocation_tokens").forEach(token -> tokens.add(intOf("alora_invocation_tokens", token)));
    return tokens.isEmpty() ? null : new Invocation(tokens);
  }

  private @Nullable String layersPattern() {
    List<String> names = names("layers_pattern");
    return names.isEmpty() ? null : "(?:" + String.join("|", names) + ")";
  }

  private List<String> names(String key) {
    JsonNode node = json.path(key);
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

  private <T> Map<String, T> pattern(String key, Function<JsonNode, T> value) {
    Map<String, T> patterns = new LinkedHashMap<>();
    if (present(json.path(key))) {
      if (!json.path(key).isObject()) {
        throw refusal(key, json.path(key) + " is not an object");
      }
      json.path(key).properties().forEach(
          entry -> patterns.put(StackedExpertKeys.pattern(entry.getKey()), value.apply(entry.getValue())));
    }
    return patterns;
  }

  private boolean flag(String key) {
    JsonNode node = json.path(key);
    if (present(node) && !node.isBoolean()) {
      throw refusal(key, node + " is neither true nor false");
    }
    return node.booleanValue();
  }

  private int intOf(String key, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw refusal(key, (node.isMissingNode() ? "nothing" : node) + " is not a whole number");
    }
    return node.intValue();
  }

  private double numberOf(String key, JsonNode node) {
    if (!node.isNumber()) {
      throw refusal(key, (node.isMissingNode() ? "nothing" : node) + " is not a number");
    }
    return node.doubleValue();
  }

  private static boolean present(JsonNode node) {
    return !node.isMissingNode() && !node.isNull();
  }

  private ModelFormatException refusal(String key, String found) {
    return new ModelFormatException("Cannot use the adapter " + file + ": " + key + ": " + found + ".");
  }

  /** What PEFT needs to load the adapter, and nothing that an older PEFT would stumble over. */
  static String write(LoraSpec spec, Collection<String> modules, Collection<String> linears, String base) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    ObjectNode alphas = JsonNodeFactory.instance.objectNode();
    spec.alphaPattern().forEach((name, alpha) -> putNumber(alphas, name, alpha));
    out.set("alpha_pattern", alphas);
    out.put("base_model_name_or_path", base);
    out.put("bias", "none");
    out.put("fan_in_fan_out", false);
    out.put("inference_mode", true);
    if (spec.init().insideWeight()) {
      out.put("init_lora_weights", spec.init().name().toLowerCase(Locale.ROOT));
    } else {
      out.put("init_lora_weights", true);
    }
    putNumber(out, "lora_alpha", spec.alpha());
    out.put("lora_dropout", spec.dropout());
    out.putNull("modules_to_save");
    out.put("peft_type", "LORA");
    out.put("r", spec.rank());
    ObjectNode ranks = out.putObject("rank_pattern");
    spec.rankPattern().forEach(ranks::put);
    ArrayNode targets = out.putArray("target_modules");
    targetNames(modules, linears).forEach(targets::add);
    out.put("task_type", "CAUSAL_LM");
    out.put("use_rslora", spec.rsLora());
    return out.toPrettyString() + "\n";
  }

  // Short names where they mean exactly the attached modules, else whole paths: no layer or exclusion rules are needed.
  private static Collection<String> targetNames(Collection<String> modules, Collection<String> linears) {
    TreeSet<String> ends = new TreeSet<>();
    modules.forEach(path -> ends.add(path.substring(path.lastIndexOf('.') + 1)));
    long reached = linears.stream()
        .filter(path -> ends.stream().anyMatch(end -> LoraTargets.endsWith(path, end))).count();
    return reached == modules.size() ? ends : modules;
  }

  private static void putNumber(ObjectNode out, String key, double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e9) {
      out.put(key, (int) value);
    } else {
      out.put(key, value);
    }
  }
}
