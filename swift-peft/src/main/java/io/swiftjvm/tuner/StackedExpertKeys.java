package io.swiftjvm.tuner;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Adapters of PEFT's {@code target_parameters} for experts that are stacked in one tensor, taken apart into adapters of
 * single experts. PEFT stores A (experts*rank,in) and B (out,rank*experts) with {@code delta[e] = B[:,:,e] A[e]};
 * gate and
 * up are one tensor whose rows are halved.
 */
final class StackedExpertKeys {
  private static final String PREFIX = "base_model.model.";
  private static final Pattern STACK =
      Pattern.compile("base_model\\.model\\.(.*)\\.mlp\\.experts((?:\\.base_layer)*)\\.lora_A\\.weight");
  private static final Pattern EXPERT =
      Pattern.compile("(.*)\\.(?:mlp|block_sparse_moe)\\.experts\\.(\\d+)\\.(gate_proj|up_proj|down_proj|w1|w3|w2)");

  private StackedExpertKeys() {}

  /** {@code entries} with every stack replaced by the tensors of its experts. */
  static Map<String, TensorEntry> expand(CausalLm model, Path path, Map<String, TensorEntry> entries) {
    Map<String, TensorEntry> result = new TreeMap<>(entries);
    for (String key : entries.keySet()) {
      Matcher stack = STACK.matcher(key);
      if (stack.matches()) {
        String other = key.replace(".lora_A.", ".lora_B.");
        TensorEntry b = entries.get(other);
        if (b == null) {
          throw refusal(path, "it has no tensor '" + other + "'");
        }
        result.remove(key);
        result.remove(other);
        result.putAll(experts(model, path, stack.group(1), entries.get(key), b));
      }
    }
    return result;
  }

  /** The names of projections that a name in {@code target_parameters} stands for, as a pattern for their ranks. */
  static String pattern(String parameterPattern) {
    return parameterPattern.replace("gate_up_proj", "experts\\.\\d+\\.(gate_proj|up_proj|w1|w3)");
  }

  private static Map<String, TensorEntry> experts(
      CausalLm model, Path path, String layer, TensorEntry a, TensorEntry b) {
    Map<String, Linear> experts = new LinkedHashMap<>();
    int count = 0;
    long in = a.shape().length == 2 ? a.shape()[1] : -1;
    long out = b.shape().length == 2 ? b.shape()[0] : -1;
    for (Map.Entry<String, Linear> entry : model.linears().entrySet()) {
      Matcher matcher = EXPERT.matcher(entry.getKey());
      if (matcher.matches() && matcher.group(1).equals(layer)) {
        boolean down = matcher.group(3).equals("down_proj") || matcher.group(3).equals("w2");
        long wanted = entry.getValue().outFeatures() * (down ? 1 : 2);
        if (entry.getValue().inFeatures() == in && wanted == out) {
          experts.put(entry.getKey(), entry.getValue());
          count = Math.max(count, Integer.parseInt(matcher.group(2)) + 1);
        }
      }
    }
    if (count == 0 || a.shape()[0] % count != 0 || b.shape()[1] != a.shape()[0]) {
      throw refusal(path, "its tensors " + a + " and " + b + " fit no experts of this model in '" + layer + "'");
    }
    return split(experts, count, a, b);
  }

  private static Map<String, TensorEntry> split(
      Map<String, Linear> experts, int count, TensorEntry a, TensorEntry b) {
    int rank = Math.toIntExact(a.shape()[0] / count);
    int in = Math.toIntExact(a.shape()[1]);
    float[] left = a.floats();
    float[] right = b.floats();
    Map<String, TensorEntry> parts = new TreeMap<>();
    experts.forEach((module, linear) -> {
      Matcher matcher = EXPERT.matcher(module);
      if (!matcher.matches()) {
        throw new IllegalStateException(module);
      }
      int e = Integer.parseInt(matcher.group(2));
      int rows = Math.toIntExact(linear.outFeatures());
      int from = matcher.group(3).equals("up_proj") || matcher.group(3).equals("w3") ? rows : 0;
      float[] own = new float[rows * rank];
      for (int o = 0; o < rows; o++) {
        for (int r = 0; r < rank; r++) {
          own[o * rank + r] = right[((from + o) * rank + r) * count + e];
        }
      }
      put(parts, module + ".lora_A.weight", Arrays.copyOfRange(left, e * rank * in, (e + 1) * rank * in), rank, in);
      put(parts, module + ".lora_B.weight", own, rows, rank);
    });
    return parts;
  }

  private static void put(Map<String, TensorEntry> parts, String name, float[] values, long... shape) {
    parts.put(PREFIX + name, new TensorEntry(PREFIX + name, DType.F32, shape, MemorySegment.ofArray(values)));
  }

  private static ModelFormatException refusal(Path path, String found) {
    return new ModelFormatException("Cannot load the adapter " + path + ": " + found
        + ". Use the base model that the adapter was made for.");
  }
}
