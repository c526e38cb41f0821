package io.swiftjvm.hub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Brings rope settings into the transformers-5 form: one object with {@code rope_type} (default {@code default}) and
 * {@code rope_theta}, and the keys of the scaling method. From transformers-4 files it takes
 * {@code rope_theta} and {@code rope_scaling}, whose {@code type} is the old name of {@code rope_type}.
 */
final class RopeSettings {
  private static final List<String> OUTER_KEYS =
      List.of("rope_theta", "partial_rotary_factor", "original_max_position_embeddings");

  private RopeSettings() {}

  static ConfigSection of(ModelConfig config, String layerType, double defaultTheta) {
    boolean modern = config.has("rope_parameters");
    String key = modern ? "rope_parameters" : "rope_scaling";
    ConfigSection found = config.section(key).orElse(null);
    if (found != null && !layerType.isEmpty() && found.has(layerType)) {
      found = found.section(layerType).orElse(found);
      key = key + "." + layerType;
    }
    ObjectNode rope = found == null ? JsonNodeFactory.instance.objectNode()
        : found.json();
    ObjectNode outer = config.json();
    for (String name : OUTER_KEYS) {
      if (!rope.hasNonNull(name) && outer.hasNonNull(name)) {
        rope.set(name, outer.get(name));
      }
    }
    if (!rope.hasNonNull("rope_theta")) {
      rope.put("rope_theta", defaultTheta);
    }
    if (!rope.hasNonNull("rope_type")) {
      rope.set("rope_type", rope.hasNonNull("type") ? rope.get("type") : rope.textNode("default"));
    }
    rope.remove("type");
    ConfigSection section = new ConfigSection(config.file(), key + ".", rope);
    if (section.string("rope_type").equals("su")) {
      rope.put("rope_type", "longrope");
    }
    section.number("rope_theta", Double.MIN_NORMAL, Double.MAX_VALUE);
    return section;
  }
}
