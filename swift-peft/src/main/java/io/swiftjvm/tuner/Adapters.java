package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Linear;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The adapters of a model, whatever their method. */
public final class Adapters {
  private Adapters() {}

  /** Names of all adapters attached to a model. */
  public static List<String> names(CausalLm model) {
    Set<String> names = new LinkedHashSet<>();
    for (Linear linear : model.linears().values()) {
      Linear at = linear;
      while (at instanceof AdaptedLinear adapted) {
        names.addAll(adapted.adapters());
        at = adapted.inner();
      }
    }
    names.addAll(model.attachments().keySet());
    return List.copyOf(names);
  }

  /** The adapter called {@code name}; an {@link InvalidPlanException} lists those that are attached when it is not. */
  public static AttachedAdapter of(CausalLm model, String name) {
    if (model.attachments().get(name) instanceof AttachedAdapter adapter) {
      return adapter;
    }
    return LoraAdapter.of(model, name);
  }

  /**
   * Refuses a name that cannot be one, or is taken, and a newcomer beside an adapter that must be alone.
   *
   * @param changesBase whether the newcomer must be alone itself
   */
  public static void checkNew(CausalLm model, String name, boolean changesBase) {
    checkName(name);
    if (names(model).contains(name)) {
      throw new InvalidPlanException(
          "An adapter named '" + name + "' is already attached. Give the new one another name.");
    }
    BaseChanges.checkAlone(model, changesBase);
  }

  static void checkName(String name) {
    if (name.isBlank() || name.indexOf('.') >= 0) {
      throw new InvalidPlanException("An adapter cannot be named '" + name + "'. Use a name without dots.");
    }
  }

  /** Refuses the output projection where it is the token table. */
  public static void checkTied(CausalLm model, List<String> paths) {
    if (model.config().tied() && paths.contains("lm_head")) {
      throw new InvalidPlanException("An adapter on 'lm_head' was asked for, but this model ties it to the token "
          + "embedding, so the two could not be merged again. Leave it out of the targets.");
    }
  }

  /** A chain of adapted projections without those whose only adapter is {@code name}. */
  public static Linear without(Linear linear, String name) {
    if (!(linear instanceof AdaptedLinear adapted)) {
      return linear;
    }
    Linear inner = without(adapted.inner(), name);
    if (adapted.adapters().equals(List.of(name))) {
      return inner;
    }
    return adapted.around(inner);
  }

  static InvalidPlanException unknown(CausalLm model, String name) {
    return new InvalidPlanException("No adapter named '" + name + "' is attached. Attached: " + names(model)
        + ". Load it first or use one of those.");
  }
}
