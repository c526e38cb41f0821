package io.swiftjvm.train.optimizer;

import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sorts parameters into groups: who is decayed, who learns faster. */
public final class ParamGroups {
  /** What the HF Trainer does not decay: biases and every kind of norm. */
  private static final Pattern NO_DECAY =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  private ParamGroups() {}

  /**
   * Groups in a fixed order; empty ones are left out.
   *
   * @param loraPlusRatio factor on the rate of every {@code lora_B}; null = 1
   */
  public static List<ParamGroup> of(List<Parameter> parameters, OptimSpec spec, @Nullable Double loraPlusRatio) {
    List<Parameter> decayed = new ArrayList<>();
    List<Parameter> plain = new ArrayList<>();
    List<Parameter> fast = new ArrayList<>();
    for (Parameter parameter : parameters) {
      if (loraPlusRatio != null && parameter.name().contains(".lora_B.")) {
        fast.add(parameter);
      } else if (spec.decayAll() || decays(parameter.name())) {
        decayed.add(parameter);
      } else {
        plain.add(parameter);
      }
    }
    List<ParamGroup> groups = new ArrayList<>();
    add(groups, new ParamGroup("decay", decayed, 1, spec.weightDecay()));
    add(groups, new ParamGroup("no decay", plain, 1, 0));
    add(groups, new ParamGroup("lora_B", fast, loraPlusRatio == null ? 1 : loraPlusRatio, spec.weightDecay()));
    return List.copyOf(groups);
  }

  /** True if the HF Trainer decays a parameter of this name. */
  public static boolean decays(String name) {
    return !NO_DECAY.matcher(name.toLowerCase(Locale.ROOT)).find();
  }

  private static void add(List<ParamGroup> groups, ParamGroup group) {
    if (!group.parameters().isEmpty()) {
      groups.add(group);
    }
  }
}
