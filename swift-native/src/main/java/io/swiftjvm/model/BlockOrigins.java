package io.swiftjvm.model;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the tensors of a model with added blocks come from.
 *
 * @param sources the layer in the files for each block; empty = the same
 * @param layers what comes before a layer's index in a name
 * @param zeroed modules that start at zero
 */
record BlockOrigins(List<Integer> sources, String layers, Set<String> zeroed) {
  /** Every tensor from the file's of its name. */
  static final BlockOrigins SAME = new BlockOrigins(List.of(), "", Set.of());

  static BlockOrigins of(List<Integer> sources, WeightNames names) {
    Set<String> zeroed = new HashSet<>();
    for (int i = 0; i < sources.size(); i++) {
      if (BlockExpansion.added(sources, i)) {
        zeroed.add(names.layer(i, "self_attn.o_proj"));
        zeroed.add(names.layer(i, "mlp.down_proj"));
      }
    }
    return new BlockOrigins(sources, names.layers(), zeroed);
  }

  /** The same, with one more module that starts at zero; null = none. */
  BlockOrigins zeroing(@Nullable String module) {
    if (module == null) {
      return this;
    }
    Set<String> all = new HashSet<>(zeroed);
    all.add(module);
    return new BlockOrigins(sources, layers, all);
  }

  /** The name in the files of the tensor called {@code name}. */
  String stored(String name) {
    if (sources.isEmpty() || !name.startsWith(layers)) {
      return name;
    }
    int dot = name.indexOf('.', layers.length());
    int block = Integer.parseInt(name.substring(layers.length(), dot));
    return layers + sources.get(block) + name.substring(dot);
  }

  /** True if the tensor called {@code name} starts at zero. */
  boolean zero(String name) {
    return zeroed.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
  }
}
