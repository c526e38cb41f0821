package io.swiftjvm.data.template;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The training templates by ms-swift's names; the forms are those that the models were trained with.
 *
 * {@snippet :
 * TemplateMeta qwen = Templates.of("qwen3");
 * TemplateMeta mine = Templates.of("templates/mine.json"); // a definition of your own
 * }
 */
public final class Templates {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, ObjectNode> DEFINITIONS = load();

  private Templates() {}

  private static Map<String, ObjectNode> load() {
    Map<String, ObjectNode> out = new LinkedHashMap<>();
    try (InputStream in = Objects.requireNonNull(Templates.class.getResourceAsStream("templates.json"))) {
      for (JsonNode node : JSON.readTree(in)) {
        out.put(node.path("name").asText(),
            TemplateReader.resolve(node, name -> Objects.requireNonNull(out.get(name), name)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Collections.unmodifiableMap(out);
  }

  /** The template of a name, or of a file that ends with {@code .json}; a refusal lists what there is. */
  public static TemplateMeta of(String name) {
    if (!name.endsWith(".json")) {
      return TemplateReader.read(definition(name));
    }
    try {
      return parse(Files.readString(Path.of(name)));
    } catch (IOException e) {
      throw new InvalidPlanException("template is '" + name + "', which cannot be read: " + e.getMessage()
          + ". Name a file or one of " + String.join(", ", DEFINITIONS.keySet()) + ".");
    }
  }

  /** A definition of your own: the keys of ms-swift's TemplateMeta, and {@code like} for the template it varies. */
  public static TemplateMeta parse(String json) {
    try {
      return TemplateReader.read(TemplateReader.resolve(JSON.readTree(json), Templates::definition));
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException("a template definition is no JSON: " + e.getOriginalMessage()
          + ". Write {\"name\": \"mine\", \"like\": \"chatml\", ..}.");
    }
  }

  private static ObjectNode definition(String name) {
    ObjectNode node = DEFINITIONS.get(name);
    if (node == null) {
      throw new InvalidPlanException("template is '" + name + "'; this version has "
          + String.join(", ", DEFINITIONS.keySet()) + ", jinja for the model's own chat template, or a .json file.");
    }
    return node;
  }

  /** All names. */
  public static List<String> names() {
    return List.copyOf(DEFINITIONS.keySet());
  }

  /** The usual template of a model_type; empty where the model's own chat template has to serve. */
  public static Optional<TemplateMeta> ofFamily(String modelType) {
    return switch (modelType) {
      case "qwen3" -> Optional.of(of("qwen3"));
      case "qwen2" -> Optional.of(of("qwen2_5"));
      case "llama" -> Optional.of(of("llama3_2"));
      case "mistral" -> Optional.of(of("mistral_nemo"));
      default -> Optional.empty();
    };
  }
}
