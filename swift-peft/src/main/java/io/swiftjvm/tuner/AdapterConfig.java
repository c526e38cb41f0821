package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code adapter_config.json}: PEFT's is read into a {@link LoraSpec}, ours has the few keys that PEFT needs. */
final class AdapterConfig {
  static final String FILE = "adapter_config.json";

  private static final String TYING = "ensure_weight_tying";
  /** Keys that are read below, or by {@link BaseChanges}. */
  private static final Set<String> KNOWN = Set.of("r", "lora_alpha", "lora_dropout", "target_modules",
      "exclude_modules", "layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern", "use_rslora",
      "lora_bias", "modules_to_save", "trainable_token_indices", "alora_invocation_tokens", "target_parameters", "loftq_config",
      TYING);
  /** Starts that are overwritten by the saved weights and leave the base alone. */
  private static final Set<String> HARMLESS_INIT = Set.of("true", "false", "gaussian", "orthogonal", "eva");

  private static final String DORA = "use_dora";

  private final ConfigReader config;

  private AdapterConfig(ConfigReader config) {
    this.config = config;
  }

  /**
   * What a file says.
   *
   * @param tokens rows of the token table that are stored
   * @param invocation tokens that switch the adapter on; or null
   * @param stacked some targets are parameters, such as stacked experts: names of projections do not tell all
   * @param tying a head that is tied to the token table changes with it
   */
  record Settings(
      LoraSpec spec, List<Integer> tokens, @Nullable Invocation invocation,
      boolean stacked, boolean tying) {}

  /** Reads and checks; anything that would change the arithmetic in a way not done here is refused by its name. */
  static Settings read(Path file) {
    return read(ConfigReader.open(file), Set.of());
  }

  /** Reads and checks, leaving the keys {@code more} to the caller. */
  static Settings read(ConfigReader reader, Set<String> more) {
    AdapterConfig config = new AdapterConfig(reader);
    config.refuseUnsupported(more);
    try {
      return new Settings(config.spec(), config.tokens(), config.invocation(),
          !reader.names("target_parameters").isEmpty(), reader.flag(TYING));
    } catch (InvalidPlanException e) {
      throw new ModelFormatException("Cannot use " + reader.file() + ": " + e.getMessage(), e);
    }
  }

  private void refuseUnsupported(Set<String> more) {
    String type = config.node("peft_type").asText("");
    if (!type.equals("LORA")) {
      throw config.refusal("peft_type", "'" + type + "' is not a LoRA adapter; TunerFiles reads the other methods");
    }
    if (!more.contains(DORA) && config.flag(DORA)) {
      throw config.refusal(DORA, "this is a DoRA, which TunerFiles reads");
    }
    config.only("bias", "none", "all", "lora_only");
    String init = config.node("init_lora_weights").asText("true");
    if (!HARMLESS_INIT.contains(init) && init() == LoraInit.KAIMING_UNIFORM) {
      throw config.refusal("init_lora_weights", "'" + init + "' changes the weights of the base, so the adapter alone "
          + "is not enough; convert it to a plain LoRA with PEFT's "
          + "save_pretrained(path_initial_model_for_weight_conversion)");
    }
    Set<String> known = new HashSet<>(KNOWN);
    known.addAll(more);
    config.refuseRest(known);
  }

  private LoraSpec spec() {
    int rank = config.intOf("r", config.node("r"));
    double alpha = config.numberOf("lora_alpha", config.node("lora_alpha"));
    return new LoraSpec(rank, alpha, config.number("lora_dropout", 0), config.targets(), config.flag("use_rslora"),
        null, init(), config.pattern("rank_pattern", node -> config.intOf("rank_pattern", node)),
        config.pattern("alpha_pattern", node -> config.numberOf("alpha_pattern", node)), LoraExtras.NONE)
        .modulesToSave(config.names("modules_to_save")).bias(LoraBias.of(config.text("bias", "none")))
        .loftq(l -> loftq());
  }

  private LoraInit init() {
    return switch (config.node("init_lora_weights").asText("true")) {
      case "pissa" -> LoraInit.PISSA;
      case "olora" -> LoraInit.OLORA;
      case "loftq" -> LoraInit.LOFTQ;
      default -> LoraInit.KAIMING_UNIFORM;
    };
  }

  private LoftqStart loftq() {
    JsonNode given = config.node("loftq_config");
    return init() != LoraInit.LOFTQ ? LoftqStart.DEFAULT
        : new LoftqStart(given.path("loftq_bits").asInt(4), given.path("loftq_iter").asInt(1));
  }

  // A list, or an object with one list, that of the token table.
  private List<Integer> tokens() {
    JsonNode node = config.node("trainable_token_indices");
    if (node.isObject() && node.size() == 1) {
      node = node.elements().next();
    }
    List<Integer> tokens = new ArrayList<>();
    if (ConfigReader.present(node) && !node.isArray()) {
      throw config.refusal("trainable_token_indices", node + " is not one list of token ids");
    }
    node.forEach(token -> tokens.add(config.intOf("trainable_token_indices", token)));
    return tokens;
  }

  private @Nullable Invocation invocation() {
    return config.has("alora_invocation_tokens") && !config.node("alora_invocation_tokens").isEmpty()
        ? new Invocation(config.integers("alora_invocation_tokens")) : null;
  }

  /** What PEFT needs to load the adapter, and nothing that an older PEFT would stumble over. */
  static String write(LoraSpec spec, Collection<String> modules, Collection<String> linears, String base, boolean tying) {
    ObjectNode out = ConfigWriter.start("LORA", base, modules, linears);
    ConfigWriter.lora(out, spec);
    if (tying) {
      out.put(TYING, true);
    }
    return out.toPrettyString() + "\n";
  }
}
