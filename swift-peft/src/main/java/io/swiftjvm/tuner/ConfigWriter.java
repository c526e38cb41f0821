package io.swiftjvm.tuner;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.Locale;
import java.util.TreeSet;

/** Writes what all {@code adapter_config.json} have in common. */
public final class ConfigWriter {
  private ConfigWriter() {}

  /** Settings of a method but for its own ones; {@code linears} are all projections of the model. */
  public static ObjectNode start(String type, String base, Collection<String> modules, Collection<String> linears) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.put("base_model_name_or_path", base);
    out.put("inference_mode", true);
    out.put("peft_type", type);
    ArrayNode targets = out.putArray("target_modules");
    targetNames(modules, linears).forEach(targets::add);
    out.put("task_type", linears.contains("score") ? "SEQ_CLS" : "CAUSAL_LM");
    return out;
  }

  /** The settings of a LoRA. */
  public static void lora(ObjectNode out, LoraSpec spec) {
    ObjectNode alphas = out.putObject("alpha_pattern");
    spec.alphaPattern().forEach((name, alpha) -> number(alphas, name, alpha));
    out.put("bias", spec.bias().plain());
    out.put("fan_in_fan_out", false);
    if (spec.init() == LoraInit.LOFTQ) {
      out.put("init_lora_weights", spec.init().plain());
      out.putObject("loftq_config").put("loftq_bits", spec.loftq().bits()).put("loftq_iter", spec.loftq().iters());
    } else if (spec.init().insideWeight()) {
      out.put("init_lora_weights", spec.init().name().toLowerCase(Locale.ROOT));
    } else {
      out.put("init_lora_weights", true);
    }
    number(out, "lora_alpha", spec.alpha());
    out.put("lora_dropout", spec.dropout());
    if (spec.modulesToSave().isEmpty()) {
      out.putNull("modules_to_save");
    } else {
      spec.modulesToSave().forEach(out.putArray("modules_to_save")::add);
    }
    out.put("r", spec.rank());
    ObjectNode ranks = out.putObject("rank_pattern");
    spec.rankPattern().forEach(ranks::put);
    out.put("use_rslora", spec.rsLora());
  }

  // Short names where they mean exactly the attached modules, else whole paths: no layer or exclusion rules are needed.
  static Collection<String> targetNames(Collection<String> modules, Collection<String> linears) {
    TreeSet<String> ends = new TreeSet<>();
    modules.forEach(path -> ends.add(path.substring(path.lastIndexOf('.') + 1)));
    long reached = linears.stream()
        .filter(path -> ends.stream().anyMatch(end -> LoraTargets.endsWith(path, end))).count();
    return reached == modules.size() ? ends : modules;
  }

  /** A number, without a fraction where it has none. */
  public static void number(ObjectNode out, String key, double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e9) {
      out.put(key, (int) value);
    } else {
      out.put(key, value);
    }
  }
}
