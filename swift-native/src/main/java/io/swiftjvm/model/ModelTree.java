package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The modules of a model, in the order in which a pass goes through them. */
record ModelTree(
    Parameter embedding, @Nullable Parameter positions, List<DecoderBlock> blocks, Norm norm, LinearSlot head) {
  ModelTree {
    blocks = List.copyOf(blocks);
  }

  /** Every place that holds a projection, by path. */
  Map<String, LinearSlot> slots() {
    Map<String, LinearSlot> slots = new LinkedHashMap<>();
    blocks.forEach(block -> block.linears().forEach(slot -> slots.put(slot.path(), slot)));
    slots.put(head.path(), head);
    return slots;
  }

  /** Every parameter once, in the order of transformers. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    all.add(embedding);
    if (positions != null) {
      all.add(positions);
    }
    blocks.forEach(block -> all.addAll(block.parameters()));
    all.addAll(norm.parameters());
    all.addAll(head.linear().parameters());
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    all.removeIf(parameter -> !seen.add(parameter));
    return all;
  }
}
