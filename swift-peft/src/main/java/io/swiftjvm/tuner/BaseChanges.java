package io.swiftjvm.tuner;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What an adapter changes in the base itself: whole modules ({@code modules_to_save}), biases, and, if it was made
 * elsewhere, a low-rank update of the token table or single token rows, or the weights that it quantised. Whole tensors can be trained. Such an adapter is alone on its model: the base under it is not the plain one
 * until it is detached.
 */
final class BaseChanges {
  private static final String PREFIX = "base_model.model.";
  private static final String LOW_A = ".lora_embedding_A";
  private static final String LOW_B = ".lora_embedding_B";
  private static final String ROWS = ".token_adapter.trainable_tokens_delta";
  private static final String BASE = ".base_layer.weight";
  private static final String BIAS = ".bias";
  private static final String TABLE = "embed_tokens.weight";
  private static final String HEAD = PREFIX + "lm_head.weight";

  private final CausalLm model;
  private final Map<Parameter, Consumer<Tensor>> changes = new IdentityHashMap<>();
  private final Map<Parameter, Tensor> before = new IdentityHashMap<>();
  /** Weights that become quantised ones, which are neither trained nor saved. */
  private final Map<Parameter, Tensor> packed = new IdentityHashMap<>();
  /** True if the token table learns that the head is tied to, and with it the head ({@code ensure_weight_tying}). */
  private boolean tied;
  /** Whole tensors by key in a file, in model order. */
  private final Map<String, Parameter> whole = new LinkedHashMap<>();

  private BaseChanges(CausalLm model) {
    this.model = model;
  }

  /** Checks every tensor of the file that is not a plain A or B; nothing is changed yet. The file must stay open. */
  static BaseChanges read(CausalLm model, AdapterConfig.Settings settings, SafetensorsFile file) {
    BaseChanges changes = new BaseChanges(model);
    Map<String, Parameter> parameters = new HashMap<>();
    model.parameters().forEach(parameter -> parameters.put(parameter.name(), parameter));
    for (String key : file.names()) {
      if (AdapterFiles.KEY.matcher(key).matches()) {
        continue;
      }
      String name = key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key;
      if (name.endsWith(LOW_A)) {
        changes.lowRank(settings.spec(), file, parameters, name.substring(0, name.length() - LOW_A.length()));
      } else if (name.endsWith(ROWS)) {
        changes.rows(settings, file, parameters, name.substring(0, name.length() - ROWS.length()));
      } else if (!belongsToLowRank(file, key) && !isTiedHead(model, file, key)) {
        changes.whole(settings, file, parameters, key, name);
      }
    }
    return changes;
  }

  /** What a fresh adapter trains in the base: copies of the tensors that it names. */
  static BaseChanges fresh(CausalLm model, LoraSpec spec) {
    BaseChanges changes = new BaseChanges(model);
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    model.parameters().forEach(parameter -> parameters.put(parameter.name(), parameter));
    Set<String> projections = model.linears().keySet();
    Set<String> adapted = new HashSet<>(spec.select(List.copyOf(projections)));
    for (String name : chosen(spec, parameters.keySet(), projections)) {
      Parameter parameter = parameters.get(name);
      if (parameter != null) {
        if (parameter.value().dtype().isQuantised()) {
          throw new InvalidPlanException("modules_to_save names " + name + ", which is quantised. Leave it out, or load "
              + "the unquantised model.");
        }
        changes.tied |= changes.ties(name);
        changes.whole.put(PREFIX + key(name, adapted), parameter);
        changes.changes.put(parameter, target -> changes.widen(parameter.value(), target));
      }
    }
    return changes;
  }

  /** PEFT saves the bias of a projection that it wraps under the name of the wrapped one. */
  private static String key(String name, Set<String> adapted) {
    String module = module(name);
    return name.endsWith(BIAS) && adapted.contains(module) ? module + ".base_layer" + BIAS : name;
  }

  private static String module(String name) {
    return name.substring(0, Math.max(name.lastIndexOf('.'), 0));
  }

  /** Names of the parameters of the model that {@code spec} trains whole; each of its modules must name one. */
  static List<String> chosen(LoraSpec spec, Collection<String> parameters, Collection<String> projections) {
    Set<String> chosen = new LinkedHashSet<>();
    for (String end : spec.modulesToSave()) {
      if (parameters.stream().filter(name -> module(name).endsWith(end)).peek(chosen::add).count() == 0) {
        throw new InvalidPlanException("modules_to_save has '" + end + "', and no parameter of the model belongs to a "
            + "module of that name (a tied head is embed_tokens). Modules end in "
            + parameters.stream().map(name -> module(name).substring(module(name).lastIndexOf('.') + 1)).distinct().toList()
            + ".");
      }
    }
    if (spec.bias() != LoraBias.NONE) {
      List<String> adapted = spec.select(List.copyOf(projections));
      parameters.stream().filter(name -> name.endsWith(BIAS))
          .filter(name -> spec.bias() == LoraBias.ALL || adapted.contains(module(name))).forEach(chosen::add);
    }
    return parameters.stream().filter(chosen::contains).toList();
  }

  private static boolean belongsToLowRank(SafetensorsFile file, String key) {
    for (String end : new String[] {LOW_B, BASE}) {
      if (key.endsWith(end)) {
        return file.contains(key.substring(0, key.length() - end.length()) + LOW_A);
      }
    }
    return false;
  }

  /** The head beside its token table, once more. */
  private static boolean isTiedHead(CausalLm model, SafetensorsFile file, String key) {
    return key.equals(HEAD) && model.config().tied() && file.names().stream().anyMatch(name -> name.endsWith(TABLE));
  }

  private void whole(
      AdapterConfig.Settings settings, SafetensorsFile file, Map<String, Parameter> parameters, String key,
      String name) {
    String plain = name.replace(".base_layer" + BIAS, BIAS);
    Parameter parameter = parameters.get(plain);
    boolean bias = plain.endsWith(BIAS) && settings.spec().bias() != LoraBias.NONE;
    if (parameter == null || (!bias && settings.spec().modulesToSave().stream().noneMatch(module(plain)::endsWith))) {
      throw refusal(file.path(), "its tensor '" + key + "' is neither part of a plain LoRA (" + PREFIX
          + "<module>.lora_A.weight or lora_B.weight) nor a module of this model that modules_to_save names");
    }
    if (ties(plain)) {
      if (!settings.tying()) {
        throw refusal(file.path(), "its modules_to_save changes the token table but not the head, which this model ties to "
            + "it (ensure_weight_tying is not true in its settings)");
      }
      tied = true;
    }
    TensorEntry entry = shape(file, key, parameter.value().shape());
    changes.put(parameter, target -> AdapterFiles.fill(model, entry, target));
    whole.put(key, parameter);
  }

  private boolean ties(String name) {
    return model.config().tied() && name.endsWith(TABLE);
  }

  /** True if the head changes with the token table, as PEFT has it with {@code ensure_weight_tying} only. */
  boolean tied() {
    return tied;
  }

  /** True if all of it can be trained and saved. */
  boolean trainable() {
    return whole.size() == changes.size();
  }

  /** The trained tensors by their keys in a file. */
  Map<String, Parameter> values() {
    return whole;
  }

  /** What a file holds: a tied table is there twice, since PEFT reads it as table and as head. */
  Map<String, Parameter> saved() {
    Map<String, Parameter> saved = new LinkedHashMap<>(whole);
    whole.values().stream().filter(parameter -> ties(parameter.name())).forEach(table -> saved.put(HEAD, table));
    return saved;
  }

  /** Overwrites the values by those of a file. */
  void load(SafetensorsFile file) {
    whole.forEach((key, parameter) ->
        AdapterFiles.fill(model, shape(file, key, parameter.value().shape()), parameter.value()));
  }

  private void lowRank(LoraSpec spec, SafetensorsFile file, Map<String, Parameter> parameters, String module) {
    Parameter table = table(file.path(), parameters, module);
    if (model.config().tied()) {
      throw refusal(file.path(), "it has a low-rank update of '" + module + "', which this model ties to its head");
    }
    int rank = spec.rankOf(module);
    TensorEntry a = shape(file, PREFIX + module + LOW_A, rank, table.value().dim(0));
    TensorEntry b = shape(file, PREFIX + module + LOW_B, table.value().dim(1), rank);
    String base = PREFIX + module + BASE;
    TensorEntry whole = file.contains(base) ? shape(file, base, table.value().shape()) : null;
    changes.put(table, target -> {
      if (whole == null) {
        widen(table.value(), target);
      } else {
        AdapterFiles.fill(model, whole, target);
      }
      try (Scope scope = new Scope(model.backend())) {
        Tensor left = scope.floats(a.shape());
        Tensor right = scope.floats(b.shape());
        AdapterFiles.fill(model, a, left);
        AdapterFiles.fill(model, b, right);
        model.backend().matmul(left, true, right, true, target, spec.scaleOf(module), 1);
      }
    });
  }

  private void rows(
      AdapterConfig.Settings settings, SafetensorsFile file, Map<String, Parameter> parameters, String module) {
    Parameter table = table(file.path(), parameters, module);
    int[] tokens = settings.tokens().stream().mapToInt(Integer::intValue).toArray();
    for (int token : tokens) {
      if (token < 0 || token >= table.value().dim(0)) {
        throw refusal(file.path(), "trainable_token_indices has " + token + ", the token table "
            + table.value().dim(0) + " rows");
      }
    }
    TensorEntry values = shape(file, PREFIX + module + ROWS, tokens.length, table.value().dim(1));
    changes.put(table, target -> {
      widen(table.value(), target);
      float[] all = values.floats();
      int width = all.length / Math.max(1, tokens.length);
      for (int i = 0; i < tokens.length; i++) {
        float[] row = Arrays.copyOfRange(all, i * width, (i + 1) * width);
        model.backend().upload(MemorySegment.ofArray(row), target.slice(tokens[i], 1));
      }
    });
  }

  private void widen(Tensor from, Tensor to) {
    Backend backend = model.backend();
    if (from.dtype() == DType.F32) {
      backend.copy(from.detached(), to);
    } else {
      backend.cast(from, to);
    }
  }

  private static Parameter table(Path path, Map<String, Parameter> parameters, String module) {
    Parameter table = parameters.get(module + ".weight");
    if (table == null || !module.endsWith("embed_tokens")) {
      throw refusal(path, "it changes '" + module + "', which is not the token table of this model");
    }
    return table;
  }

  private static TensorEntry shape(SafetensorsFile file, String key, long... wanted) {
    if (!file.contains(key)) {
      throw refusal(file.path(), "it has no tensor '" + key + "'");
    }
    TensorEntry entry = file.entry(key);
    if (!Arrays.equals(entry.shape(), wanted) || !entry.dtype().isFloat()) {
      throw refusal(file.path(), "its tensor '" + entry + "' should be a float tensor " + Arrays.toString(wanted));
    }
    return entry;
  }

  boolean isEmpty() {
    return changes.isEmpty() && packed.isEmpty();
  }

  /** Puts a quantised weight in the place of the base's with the others. */
  void pack(Parameter weight, Tensor quantised) {
    packed.put(weight, quantised);
  }

  /** The types that the weights had which are quantised now. */
  Map<Parameter, DType> unpacked() {
    Map<Parameter, DType> types = new IdentityHashMap<>();
    packed.keySet().forEach(weight -> types.put(weight, before.getOrDefault(weight, weight.value()).dtype()));
    return types;
  }

  /** Puts the changed values, in float32, in the place of the base's. */
  void apply(boolean train) {
    changes.forEach((parameter, fill) -> {
      Tensor changed = model.scope().floats(parameter.value().shape());
      fill.accept(changed);
      before.put(parameter, parameter.value());
      parameter.replace(changed);
      parameter.trainable(train && trainable());
    });
    packed.forEach((weight, quantised) -> {
      before.put(weight, weight.value());
      weight.replace(quantised);
    });
  }

  /** Puts the base's values back. */
  void undo() {
    before.forEach((parameter, value) -> {
      parameter.trainable(false);
      parameter.replace(value);
    });
    before.clear();
  }

  /** An adapter that changes the base is alone on its model; {@code newcomer} is one that is about to be attached. */
  static void checkAlone(CausalLm model, boolean newcomer) {
    for (String name : Adapters.names(model)) {
      if (newcomer || Adapters.of(model, name).changesBase()) {
        throw new InvalidPlanException("An adapter that changes the base (modules_to_save, token table, norms, loftq) "
            + "cannot share a model with another one; '" + name + "' is attached. Load the model once more.");
      }
    }
  }

  private static ModelFormatException refusal(Path path, String found) {
    return new ModelFormatException("Cannot load the adapter " + path + ": " + found
        + ". Use the base model that the adapter was made for.");
  }
}
