package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Experts that are stored one by one under the names that transformers 5 gives them in memory, where all experts of a
 * layer are two tensors: {@code ...mlp.experts.gate_up_proj} (experts,2*width,hidden), gate first, and {@code
 * ...mlp.experts.down_proj} (experts,hidden,width). Mixtral's router, which is called otherwise in files, is among
 * them.
 */
public final class ExpertStacks {
  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.)(?:mlp|block_sparse_moe)\\.experts\\.\\d+\\.(gate_proj|up_proj|down_proj|w1|w3|w2)\\.weight");

  private static final String MIXTRAL_ROUTER = ".block_sparse_moe.gate.weight";

  private ExpertStacks() {}

  /** The stacks of {@code parameters} by name, each with its members in the order in which their values follow. */
  public static Map<String, List<Parameter>> of(Collection<Parameter> parameters) {
    Map<String, List<Parameter>> stacks = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      if (parameter.name().endsWith(MIXTRAL_ROUTER)) {
        stacks.put(parameter.name().replace(".block_sparse_moe.", ".mlp."), List.of(parameter));
      }
      Matcher matcher = EXPERT.matcher(parameter.name());
      if (matcher.matches()) {
        boolean down = matcher.group(2).equals("down_proj") || matcher.group(2).equals("w2");
        stacks.computeIfAbsent(matcher.group(1) + "mlp.experts." + (down ? "down_proj" : "gate_up_proj"),
            name -> new ArrayList<>()).add(parameter);
      }
    }
    return stacks;
  }

  /** The shape of a stack. */
  public static long[] shape(String name, List<Parameter> members) {
    if (members.size() == 1) {
      return members.getFirst().value().shape();
    }
    int each = name.endsWith("gate_up_proj") ? 2 : 1;
    long[] one = members.getFirst().value().shape();
    return new long[] {members.size() / each, each * one[0], one[1]};
  }
}
