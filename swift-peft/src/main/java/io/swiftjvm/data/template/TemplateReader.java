package io.swiftjvm.data.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.data.template.TemplateMeta.SystemPlace;
import io.swiftjvm.data.template.TemplateMeta.Trait;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Template definitions in JSON: ms-swift's names of the parts, and {@code like} for the one that it varies. */
final class TemplateReader {
  private static final Set<String> TEXTS = new TreeSet<>(List.of("name", "like", "prefix", "prompt", "chat_sep",
      "suffix", "system_prefix", "default_system", "stop_words", "thinking", "thinking_prefix", "non_thinking_prefix",
      "history_prefix", "agent", "system_place", "system_glue", "reshape"));

  private TemplateReader() {}

  /** The definition with all that it takes from another. */
  static ObjectNode resolve(JsonNode given, Function<String, ObjectNode> byName) {
    if (!(given instanceof ObjectNode node) || !node.path("name").isTextual()) {
      throw new InvalidPlanException("a template definition is no JSON object with a name: " + given
          + ". Write {\"name\": \"mine\", \"like\": \"chatml\", ..}.");
    }
    node.fieldNames().forEachRemaining(TemplateReader::checkKey);
    if (!node.hasNonNull("like")) {
      return node;
    }
    ObjectNode merged = byName.apply(node.path("like").asText()).deepCopy();
    merged.setAll(node);
    merged.remove("like");
    return merged;
  }

  private static void checkKey(String key) {
    if (!TEXTS.contains(key) && trait(key) == null) {
      throw new InvalidPlanException("a template definition has the key '" + key + "'; there are "
          + String.join(", ", TEXTS) + " and the switches " + lower(EnumSet.allOf(Trait.class)) + ".");
    }
  }

  private static @Nullable Trait trait(String key) {
    return EnumSet.allOf(Trait.class).stream().filter(t -> t.name().toLowerCase(Locale.ROOT).equals(key)).findFirst()
        .orElse(null);
  }

  static TemplateMeta read(ObjectNode node) {
    JsonNode agent = node.path("agent");
    Set<Trait> traits = EnumSet.noneOf(Trait.class);
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      Trait trait = trait(entry.getKey());
      if (trait != null && entry.getValue().asBoolean()) {
        traits.add(trait);
      }
    }
    List<String> stops = new ArrayList<>();
    node.path("stop_words").forEach(word -> stops.add(word.asText()));
    List<Part> prefix = parts(node, "prefix");
    List<Part> prompt = parts(node, "prompt");
    List<Part> suffix = parts(node, "suffix");
    return new TemplateMeta(
        text(node, "name"), prefix == null ? List.of() : prefix, prompt == null ? List.of() : prompt,
        parts(node, "chat_sep"), suffix == null ? List.of() : suffix, parts(node, "system_prefix"),
        node.hasNonNull("default_system") ? text(node, "default_system") : null, List.copyOf(stops),
        node.path("thinking").asBoolean(), text(node, "thinking_prefix"), text(node, "non_thinking_prefix"),
        text(node, "history_prefix"), agent.isTextual() ? AgentForms.of(agent.asText()) : null,
        choice(SystemPlace.class, node, "system_place", SystemPlace.PREFIX),
        node.hasNonNull("system_glue") ? text(node, "system_glue") : "\n\n",
        choice(Reshape.class, node, "reshape", Reshape.NONE), Set.copyOf(traits));
  }

  private static String text(ObjectNode node, String key) {
    return node.hasNonNull(key) ? node.path(key).asText() : "";
  }

  private static <E extends Enum<E>> E choice(Class<E> type, ObjectNode node, String key, E otherwise) {
    String given = text(node, key);
    return given.isEmpty() ? otherwise : EnumSet.allOf(type).stream()
        .filter(e -> e.name().toLowerCase(Locale.ROOT).equals(given)).findFirst()
        .orElseThrow(() -> new InvalidPlanException("template '" + text(node, "name") + "' has the " + key + " '"
            + given + "'; there are " + lower(EnumSet.allOf(type)) + "."));
  }

  private static String lower(Collection<? extends Enum<?>> values) {
    return String.join(", ", values.stream().map(v -> v.name().toLowerCase(Locale.ROOT)).toList());
  }

  private static @Nullable List<Part> parts(ObjectNode node, String key) {
    JsonNode given = node.path(key);
    if (given.isMissingNode() || given.isNull()) {
      return null;
    }
    List<Part> out = new ArrayList<>();
    if (given.isArray()) {
      given.forEach(part -> out.add(part(part, key)));
    } else if (!given.asText().isEmpty()) {
      out.add(part(given, key));
    }
    return List.copyOf(out);
  }

  private static Part part(JsonNode given, String key) {
    if (given.isTextual()) {
      return new Part.Text(given.asText());
    }
    if (given.path("id").isInt()) {
      return new Part.Token(given.path("id").asInt());
    }
    return switch (given.path("token").asText()) {
      case "bos" -> Part.Id.BOS;
      case "eos" -> Part.Id.EOS;
      case "" -> throw new InvalidPlanException("a template definition has " + given + " in its " + key
          + ". Write a text, {\"token\": \"bos\"}, {\"token\": \"eos\"}, {\"token\": \"<its text>\"} or {\"id\": 5}.");
      default -> new Part.Named(given.path("token").asText());
    };
  }
}
