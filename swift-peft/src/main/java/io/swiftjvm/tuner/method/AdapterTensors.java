package io.swiftjvm.tuner.method;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.Seeds;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of one adapter by their keys in the file. A method asks for what it needs; the answer comes from a file,
 * where name, shape and type are checked, or is made fresh.
 */
final class AdapterTensors {
  static final String PREFIX = "base_model.";

  /**
   * One tensor.
   *
   * @param parameter the parameter it belongs to, unless it holds whole numbers
   * @param learnt whether the method trains it
   */
  record Held(Tensor tensor, @Nullable Parameter parameter, boolean learnt) {
    /** The values now: those of a parameter may have been replaced. */
    Tensor value() {
      return parameter == null ? tensor : parameter.value();
    }
  }

  private final CausalLm model;
  private final String adapter;
  private final @Nullable SafetensorsFile file;
  private final long seed;
  private final boolean trainable;
  private final Scope scope;
  private final Map<String, Held> held = new LinkedHashMap<>();
  private final Map<String, Tensor[]> shared = new HashMap<>();
  private final List<Tensor> constants = new ArrayList<>();

  AdapterTensors(
      CausalLm model, String adapter, @Nullable SafetensorsFile file, long seed, boolean trainable, Scope scope) {
    this.model = model;
    this.adapter = adapter;
    this.file = file;
    this.seed = seed;
    this.trainable = trainable;
    this.scope = scope;
  }

  CausalLm model() {
    return model;
  }

  Map<String, Held> held() {
    return held;
  }

  /** The shape of {@code key} in the file; null without a file or key. */
  long @Nullable [] stored(String key) {
    return file != null && file.contains(key) ? file.entry(key).shape() : null;
  }

  /** True if the adapter comes from a file. */
  boolean loaded() {
    return file != null;
  }

  boolean trainable() {
    return trainable;
  }

  /** A float32 copy of a parameter of the model. */
  Tensor widened(Parameter parameter) {
    Tensor value = parameter.value().detached();
    Tensor copy = scope.floats(value.shape());
    if (value.dtype() == DType.F32) {
      model.backend().copy(value, copy);
    } else {
      model.backend().cast(value, copy);
    }
    constants.add(copy);
    return copy;
  }

  /** The values that stand in for those of a parameter of the model: its own where there is no file. */
  Tensor instead(String key, Parameter parameter) {
    Tensor values = widened(parameter);
    if (file != null) {
      fill(entry(key, values.shape()), values);
    }
    held.put(key, new Held(values, parameter, true));
    return values;
  }

  /** A parameter called {@code name}; the same key gives the same one. */
  Parameter parameter(String key, String name, boolean learnt, Start start, long... shape) {
    Held known = held.get(key);
    if (known != null && known.parameter() != null) {
      require(key, known.tensor().shape(), shape);
      return known.parameter();
    }
    Tensor tensor = scope.floats(shape);
    if (file == null) {
      float[] values = new float[Math.toIntExact(tensor.size())];
      start.fill(values, shape, Seeds.of(seed, key));
      model.backend().upload(MemorySegment.ofArray(values), tensor);
    } else {
      fill(entry(key, shape), tensor);
    }
    int dot = name.lastIndexOf(".weight");
    boolean weight = dot > 0 && name.endsWith(".weight");
    Parameter parameter =
        new Parameter(weight ? name.substring(0, dot) + "." + adapter + ".weight" : name + "." + adapter, tensor);
    parameter.trainable(learnt && trainable);
    held.put(key, new Held(tensor, parameter, learnt));
    return parameter;
  }

  /** Whole numbers that are stored and never trained. */
  int[] ints(String key, Supplier<int[]> fresh, long... shape) {
    int[] values;
    if (file == null) {
      values = fresh.get();
    } else {
      TensorEntry entry = named(key);
      require(key, entry.shape(), shape);
      if (entry.dtype().isFloat()) {
        throw refusal("its tensor '" + key + "' holds " + entry.dtype() + ", not whole numbers");
      }
      values = Arrays.stream(entry.longs()).mapToInt(Math::toIntExact).toArray();
    }
    Tensor tensor = scope.tensor(DType.I32, shape);
    model.backend().upload(MemorySegment.ofArray(values), tensor);
    held.put(key, new Held(tensor, null, false));
    return values;
  }

  /** A tensor that is computed from the trained ones and saved with them. */
  Tensor derived(String key, long... shape) {
    Tensor tensor = scope.floats(shape);
    if (file != null) {
      fill(entry(key, shape), tensor);
    }
    held.put(key, new Held(tensor, null, false));
    return tensor;
  }

  /** Another key for a parameter; a file must have the same values under it, if it has it. */
  void copy(String key, Parameter shared) {
    if (file != null) {
      if (!file.contains(key)) {
        return;
      }
      float[] values = new float[Math.toIntExact(shared.value().size())];
      model.backend().download(shared.value().detached(), MemorySegment.ofArray(values));
      if (!Arrays.equals(values, entry(key, shared.value().shape()).floats())) {
        throw refusal("its tensor '" + key + "' differs from the shared one");
      }
    }
    held.put(key, new Held(shared.value().detached(), shared, false));
  }

  /** Constants that projections share. */
  Tensor[] once(String key, Supplier<Tensor[]> compute) {
    Tensor[] known = shared.get(key);
    if (known == null) {
      known = compute.get();
      shared.put(key, known);
    }
    return known;
  }

  /** A tensor that is neither trained nor saved. */
  Tensor constant(DType dtype, MemorySegment values, long... shape) {
    Tensor tensor = scope.tensor(dtype, shape);
    model.backend().upload(values, tensor);
    constants.add(tensor);
    return tensor;
  }

  /** Overwrites all values by those of another file with the same keys. */
  void load(SafetensorsFile from) {
    if (!new TreeSet<>(from.names()).equals(new TreeSet<>(held.keySet()))) {
      throw new ModelFormatException("Cannot continue with " + from.path()
          + ": it holds other tensors than the adapter '" + adapter + "'. Use a checkpoint of the same training.");
    }
    held.forEach((key, to) -> {
      TensorEntry entry = from.entry(key);
      require(key, entry.shape(), to.tensor().shape());
      if (to.parameter() != null) {
        fill(entry, to.value());
      } else if (to.tensor().dtype() == DType.I32 && !Arrays.equals(entry.longs(), numbers(to.tensor()))) {
        throw new ModelFormatException("Cannot continue with " + from.path() + ": its tensor '" + key
            + "' chooses other places than the adapter '" + adapter + "'. Attach the adapter from that folder.");
      }
    });
  }

  private long[] numbers(Tensor tensor) {
    int[] values = new int[Math.toIntExact(tensor.size())];
    model.backend().download(tensor, MemorySegment.ofArray(values));
    return Arrays.stream(values).asLongStream().toArray();
  }

  /** Refuses a file with tensors that no method asked for. */
  void refuseRest() {
    if (file != null) {
      for (String key : file.names()) {
        if (!held.containsKey(key)) {
          throw refusal("its tensor '" + key + "' belongs to nothing that its settings name in this model");
        }
      }
    }
  }

  /** Hands the memory over to the model. */
  void keep() {
    // A copy under another key is the same memory, which is kept once more; that does no harm.
    held.values().forEach(h -> scope.keep(h.tensor()));
    constants.forEach(scope::keep);
  }

  private TensorEntry entry(String key, long... shape) {
    TensorEntry entry = named(key);
    require(key, entry.shape(), shape);
    if (!entry.dtype().isFloat()) {
      throw refusal("its tensor '" + key + "' holds " + entry.dtype() + ", not float32, bf16 or fp16");
    }
    return entry;
  }

  private TensorEntry named(String key) {
    if (file == null || !file.contains(key)) {
      throw refusal("it has no tensor '" + key + "'");
    }
    return file.entry(key);
  }

  private void require(String key, long[] found, long... wanted) {
    if (!Arrays.equals(found, wanted)) {
      throw refusal("its tensor '" + key + "' has shape " + Arrays.toString(found)
          + ", the model and the settings ask for " + Arrays.toString(wanted));
    }
  }

  private void fill(TensorEntry entry, Tensor target) {
    model.backend().upload(
        entry.dtype() == DType.F32 ? entry.data() : MemorySegment.ofArray(entry.floats()), target);
  }

  ModelFormatException refusal(String found) {
    return new ModelFormatException("Cannot load the adapter " + (file == null ? "'" + adapter + "'" : file.path())
        + ": " + found + ". Use the base model that the adapter was made for, or save it again.");
  }
}
