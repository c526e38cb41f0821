package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.TunerMethod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * X-LoRA (arXiv 2402.07148): several LoRA adapters, weighted for every token and projection by a classifier that sees
 * the last hidden states of a pass without them: {@code y = W x + weight * sum over a of s_a B_a A_a x}. The
 * classifier is trained, the adapters are not.
 *
 * {@snippet :
 * AdapterFiles.attach(model, Path.of("maths"), "maths", false);
 * AdapterFiles.attach(model, Path.of("code"), "code", false);
 * XLoraSpec spec = XLoraSpec.of(Map.of("maths", "maths", "code", "code"));
 * TunerAdapter adapter = new TunerTransform("default", spec, 42).attach(model);
 * }
 *
 * <p>Every pass, of answers too, runs twice, and an answer's cache is twice as large.
 *
 * @param adapters the folder of each adapter, by the name it is attached under; order counts
 * @param depth layers of the classifier, 1 or more; 1 as in PEFT
 * @param hidden width of the classifier's inner layers; 2048 as in PEFT
 * @param layerwise weights for each projection, not the same for all; true, PEFT has false
 * @param softmax whether weights add up to 1; true as in PEFT
 * @param temperature of the softmax; 1 as in PEFT
 * @param weight factor on all; 1 as in PEFT
 * @param firstPass weight of the adapters in the pass that the classifier sees; 0 as in PEFT
 * @param dropout between the classifier's layers in training; 0.2 as in PEFT
 */
public record XLoraSpec(
    Map<String, String> adapters, int depth, int hidden, boolean layerwise, boolean softmax, double temperature,
    double weight, double firstPass, double dropout) implements TunerSpec {
  static final String TYPE = "XLORA";
  static final TunerMethod<XLoraSpec> METHOD = TunerMethod.of("xlora", of(Map.of()))
      .texts("xlora_adapters", "The adapters to mix, as name=folder.",
          s -> s.adapters.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList(),
          (s, v) -> s.adapters(folders(v)))
      .integer("xlora_depth", "Layers of the classifier.", XLoraSpec::depth, XLoraSpec::depth)
      .integer("xlora_size", "Width of its inner layers.", XLoraSpec::hidden, XLoraSpec::hidden)
      .flag("xlora_layerwise_scalings", "Weights for each projection.", XLoraSpec::layerwise, XLoraSpec::layerwise)
      .flag("xlora_enable_softmax", "Weights add up to 1.", XLoraSpec::softmax, XLoraSpec::softmax)
      .number("xlora_softmax_temperature", "Temperature of the softmax.",
          XLoraSpec::temperature, XLoraSpec::temperature)
      .number("xlora_dropout_p", "Dropout between the classifier's layers.", XLoraSpec::dropout, XLoraSpec::dropout);

  public XLoraSpec {
    adapters = Collections.unmodifiableMap(new LinkedHashMap<>(adapters));
    Ranges.atLeast("xlora.depth", depth, 1);
    Ranges.atLeast("xlora.hidden", hidden, 1);
    Ranges.check(temperature > 0, "xlora.temperature is " + temperature + "; it must be above 0.");
    Ranges.scale("xlora.weight", weight);
    Ranges.dropout("xlora.dropout", dropout);
  }

  /** One layer, weights for each projection. */
  public static XLoraSpec of(Map<String, String> adapters) {
    return new XLoraSpec(adapters, 1, 2048, true, true, 1, 1, 0, 0.2);
  }

  /** Sets adapters: the folder of each adapter, by the name it is attached under; order counts. */
  public XLoraSpec adapters(Map<String, String> value) {
    return new XLoraSpec(value, depth, hidden, layerwise, softmax, temperature, weight, firstPass, dropout);
  }

  /** Sets depth: layers of the classifier, 1 or more; 1 as in PEFT. */
  public XLoraSpec depth(int value) {
    return new XLoraSpec(adapters, value, hidden, layerwise, softmax, temperature, weight, firstPass, dropout);
  }

  /** Sets hidden: width of the classifier's inner layers; 2048 as in PEFT. */
  public XLoraSpec hidden(int value) {
    return new XLoraSpec(adapters, depth, value, layerwise, softmax, temperature, weight, firstPass, dropout);
  }

  /** Sets layerwise: weights for each projection, not the same for all; true, PEFT has false. */
  public XLoraSpec layerwise(boolean value) {
    return new XLoraSpec(adapters, depth, hidden, value, softmax, temperature, weight, firstPass, dropout);
  }

  /** Sets softmax: whether weights add up to 1; true as in PEFT. */
  public XLoraSpec softmax(boolean value) {
    return new XLoraSpec(adapters, depth, hidden, layerwise, value, temperature, weight, firstPass, dropout);
  }

  /** Sets temperature: of the softmax; 1 as in PEFT. */
  public XLoraSpec temperature(double value) {
    return new XLoraSpec(adapters, depth, hidden, layerwise, softmax, value, weight, firstPass, dropout);
  }

  /** Sets weight: factor on all; 1 as in PEFT. */
  public XLoraSpec weight(double value) {
    return new XLoraSpec(adapters, depth, hidden, layerwise, softmax, temperature, value, firstPass, dropout);
  }

  /** Sets firstPass: weight of the adapters in the pass that the classifier sees; 0 as in PEFT. */
  public XLoraSpec firstPass(double value) {
    return new XLoraSpec(adapters, depth, hidden, layerwise, softmax, temperature, weight, value, dropout);
  }

  /** Sets dropout: between the classifier's layers in training; 0.2 as in PEFT. */
  public XLoraSpec dropout(double value) {
    return new XLoraSpec(adapters, depth, hidden, layerwise, softmax, temperature, weight, firstPass, value);
  }

  /** Attaches the adapters that are not there yet from their folders, which become absolute. */
  XLoraSpec attached(CausalLm model) {
    Map<String, String> absolute = new LinkedHashMap<>(adapters);
    adapters.forEach((name, folder) -> {
      if (!Adapters.names(model).contains(name)) {
        Ranges.check(AdapterFiles.isAdapter(Path.of(folder)), "xlora_adapters names '" + name + "' at " + folder
            + ", where no adapter is, and none of that name is attached: " + Adapters.names(model) + ".");
        AdapterFiles.attach(model, Path.of(folder), name, false);
        absolute.put(name, Path.of(folder).toAbsolutePath().normalize().toString());
      }
    });
    return adapters(absolute);
  }

  private static Map<String, String> folders(List<String> named) {
    Map<String, String> folders = new LinkedHashMap<>();
    for (String one : named) {
      int at = one.indexOf('=');
      Ranges.check(at > 0 && at < one.length() - 1, "xlora_adapters has '" + one + "'; it must be name=folder.");
      folders.put(one.substring(0, at), one.substring(at + 1));
    }
    return folders;
  }

  @Override
  public String unmergeable() {
    return "weighs other adapters token by token";
  }

  @Override
  public @Nullable String problem() {
    return adapters.isEmpty() ? "xlora_adapters is empty; name at least one LoRA adapter as name=folder." : null;
  }

  static TunerSpec read(ConfigReader config) {
    config.node("hidden_size");
    config.only("top_k_lora", "null");
    Map<String, String> adapters = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : config.node("adapters").properties()) {
      if (!entry.getValue().isTextual()) {
        throw config.refusal("adapters", entry.getValue() + " is not a folder");
      }
      adapters.put(entry.getKey(), entry.getValue().textValue());
    }
    return new XLoraSpec(adapters, config.integer("xlora_depth", 1), config.integer("xlora_size", 2048),
        config.flag("layerwise_scalings"), config.flag("enable_softmax", true),
        config.number("softmax_temperature", 1), config.number("global_scaling_weight", 1),
        config.number("scaling_pass_value", 0), config.number("xlora_dropout_p", 0.2));
  }

  // The classifier's inner layers; its outputs depend on the adapters, which are few.
  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    Map<String, long[]> all = new LinkedHashMap<>();
    for (int i = 0; i + 1 < depth; i++) {
      all.put("classifier." + i, new long[] {hidden, i == 0 ? shapes.config().hiddenSize() : hidden});
    }
    return all;
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public void write(ObjectNode json) {
    ObjectNode folders = json.putObject("adapters");
    adapters.forEach(folders::put);
    json.put("xlora_depth", depth);
    json.put("xlora_size", hidden);
    json.put("layerwise_scalings", layerwise);
    json.put("enable_softmax", softmax);
    json.put("softmax_temperature", temperature);
    json.put("global_scaling_weight", weight);
    json.put("scaling_pass_value", firstPass);
    json.put("xlora_dropout_p", dropout);
  }

  /** Widths of the classifier from hidden states to weights. */
  List<Integer> widths(int hiddenSize, int projections) {
    List<Integer> widths = new ArrayList<>(List.of(hiddenSize));
    for (int i = 1; i < depth; i++) {
      widths.add(hidden);
    }
    widths.add(adapters.size() * (layerwise ? projections : 1));
    return widths;
  }
}
