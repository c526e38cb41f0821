package io.swiftjvm.tuner;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A named adapter attached to a model: its parameters, and the way to take it off. */
public final class LoraAdapter implements AttachedAdapter {
  private final CausalLm model;
  private final String name;
  private final Map<String, LoraPart> parts;

  private LoraAdapter(CausalLm model, String name, Map<String, LoraPart> parts) {
    this.model = model;
    this.name = name;
    this.parts = parts;
  }

  /** The adapter called {@code name}; an {@code InvalidPlanException} lists those that are attached when it is not. */
  public static LoraAdapter of(CausalLm model, String name) {
    LoraAdapter found = find(model, name);
    if (found == null) {
      throw Adapters.unknown(model, name);
    }
    return found;
  }

  /** The adapter called {@code name}, or null. */
  public static @Nullable LoraAdapter find(CausalLm model, String name) {
    Map<String, LoraPart> parts = new LinkedHashMap<>();
    for (Map.Entry<String, Linear> entry : model.linears().entrySet()) {
      LoraLinear lora = LoraLinear.in(entry.getValue());
      LoraPart part = lora == null ? null : lora.part(name);
      if (part != null) {
        parts.put(entry.getKey(), part);
      }
    }
    return parts.isEmpty() ? null : new LoraAdapter(model, name, parts);
  }

  /** Names of all adapters attached to a model. */
  public static List<String> names(CausalLm model) {
    return model.linears().values().stream().map(LoraLinear::in).filter(Objects::nonNull)
        .flatMap(lora -> lora.adapters().stream()).distinct().toList();
  }

  /** True if one of {@code names} is an adapter that tokens of the text switch on. */
  public static boolean invoked(CausalLm model, List<String> names) {
    return model.linears().values().stream().filter(LoraLinear.class::isInstance).anyMatch(linear ->
        names.stream().map(((LoraLinear) linear)::part).anyMatch(part -> part != null && part.invocation() != null));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public CausalLm model() {
    return model;
  }

  /** What the adapter was made from. */
  @Override
  public LoraSpec spec() {
    return parts.values().iterator().next().spec();
  }

  @Override
  public @Nullable Double loraPlusRatio() {
    return spec().loraPlusRatio();
  }

  @Override
  public List<String> modules() {
    return List.copyOf(parts.keySet());
  }

  /** A and B of every projection, in model order, then what it changes in the model itself; A not if it is frozen. */
  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    parts.values().forEach(part -> all.addAll(part.parameters()));
    BaseChanges changes = changes();
    if (changes != null && changes.trainable()) {
      all.addAll(changes.values().values());
    }
    if (spec().freezeA()) {
      parts.values().forEach(part -> all.remove(part.a()));
    }
    return all;
  }

  Map<String, LoraPart> parts() {
    return parts;
  }

  @Nullable BaseChanges changes() {
    return parts.values().iterator().next().changes();
  }

  @Override
  public boolean changesBase() {
    return changes() != null;
  }

  @Override
  public void detach() {
    BaseChanges changes = changes();
    if (changes != null) {
      changes.undo();
    }
    Map<String, Linear> linears = model.linears();
    parts.keySet().forEach(path -> {
      Linear linear = linears.get(path);
      LoraLinear lora = linear == null ? null : LoraLinear.in(linear);
      if (lora != null) {
        lora.remove(name);
      }
    });
  }

  @Override
  public String toString() {
    return parts.size() + " x LoRA r=" + spec().rank() + " '" + name + "'";
  }
}
