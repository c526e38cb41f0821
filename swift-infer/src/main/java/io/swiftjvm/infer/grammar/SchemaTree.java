package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A JSON schema as a tree: what its references name, which keywords assert something, what two schemas say together. */
final class SchemaTree {
  private static final Set<String> KNOWN = Set.of("$ref", "type", "enum", "const", "properties", "required",
      "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties", "items",
      "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern",
      "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "anyOf", "oneOf", "allOf",
      "unevaluatedProperties");
  private static final Set<String> REFUSED = Set.of("not", "if", "contains", "dependentRequired", "dependentSchemas",
      "dependencies", "unevaluatedItems", "$dynamicRef", "$recursiveRef");
  private static final int REFERENCES = 32;
  /** Work of comparing two branches, in steps of a budget. */
  private static final int PAIR = 1000;

  private final JsonNode root;
  private final GrammarLimits limits;
  private final Budget budget;

  SchemaTree(JsonNode root, GrammarLimits limits, Budget budget) {
    this.budget = budget;
    this.root = root;
    this.limits = limits;
  }

  JsonNode root() {
    return root;
  }

  static InvalidPlanException fail(String path, String why) {
    String shown = path.length() > 200 ? path.substring(0, 200) + "..." : path;
    return new InvalidPlanException("The JSON schema cannot be used at " + shown.replaceAll("\\p{Cntrl}", " ") + ": "
        + why + ".");
  }

  /** The schema that a reference names. */
  JsonNode target(String pointer, String path) {
    if (!pointer.startsWith("#")) {
      throw fail(path, "$ref must be local (#/...); nothing is fetched");
    }
    String decoded = URLDecoder.decode(pointer.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    JsonNode found = decoded.isEmpty() ? root : decoded.startsWith("/") ? root.at(decoded)
        : MissingNode.getInstance();
    if (!found.isObject() && !found.isBoolean()) {
      throw fail(path, "$ref names nothing in the schema");
    }
    return found;
  }

  /** The assertions of a schema, its reference replaced by what it names. */
  ObjectNode object(JsonNode schema, String path) {
    JsonNode at = schema;
    for (int i = 0; i < REFERENCES; i++) {
      if (at.isBoolean()) {
        return at.booleanValue() ? JsonNodeFactory.instance.objectNode()
            : JsonNodeFactory.instance.objectNode().set("enum", JsonNodeFactory.instance.arrayNode());
      }
      ObjectNode own = assertions(at, path);
      if (!own.has("$ref")) {
        return own;
      }
      JsonNode target = target(own.path("$ref").asText(), path);
      own.remove("$ref");
      at = own.isEmpty() ? target : merge(object(target, path), own, path);
    }
    throw fail(path, "a $ref leads back to itself");
  }

  /** A copy with the keywords alone that restrict values. */
  static ObjectNode assertions(JsonNode schema, String path) {
    if (!schema.isObject()) {
      throw fail(path, "a schema must be an object, true or false");
    }
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> entry : schema.properties()) {
      if (REFUSED.contains(entry.getKey())) {
        throw fail(path, entry.getKey() + " is not supported");
      }
      if (KNOWN.contains(entry.getKey())) {
        out.set(entry.getKey(), entry.getValue());
      }
    }
    if (out.path("uniqueItems").isBoolean() && !out.path("uniqueItems").booleanValue()) {
      out.remove("uniqueItems");
    }
    return out;
  }

  /** What both schemas say together; refused where that takes more than putting them side by side. */
  static ObjectNode merge(ObjectNode a, ObjectNode b, String path) {
    ObjectNode out = a.deepCopy();
    for (Map.Entry<String, JsonNode> entry : assertions(b, path).properties()) {
      String keyword = entry.getKey();
      JsonNode own = out.get(keyword);
      JsonNode other = entry.getValue();
      out.set(keyword, own == null || own.equals(other) ? other : both(keyword, own, other, path));
    }
    return out;
  }

  private static JsonNode both(String keyword, JsonNode own, JsonNode other, String path) {
    return switch (keyword) {
      case "properties" -> {
        ObjectNode out = own.deepCopy();
        for (Map.Entry<String, JsonNode> property : other.properties()) {
          JsonNode before = out.get(property.getKey());
          out.set(property.getKey(), before == null ? property.getValue() : together(before, property.getValue()));
        }
        yield out;
      }
      case "required" -> {
        Set<JsonNode> names = new LinkedHashSet<>();
        own.forEach(names::add);
        other.forEach(names::add);
        yield JsonNodeFactory.instance.arrayNode().addAll(names);
      }
      case "type" -> {
        ArrayNode types = JsonNodeFactory.instance.arrayNode();
        for (JsonNode type : list(own)) {
          for (JsonNode second : list(other)) {
            if (type.equals(second) || (type.asText().equals("integer") && second.asText().equals("number"))) {
              types.add(type);
            } else if (type.asText().equals("number") && second.asText().equals("integer")) {
              types.add(second);
            }
          }
        }
        if (types.isEmpty()) {
          throw fail(path, "two schemas that both must hold have no type in common");
        }
        yield types;
      }
      case "enum" -> {
        ArrayNode common = JsonNodeFactory.instance.arrayNode();
        Set<JsonNode> others = new HashSet<>();
        other.forEach(others::add);
        own.forEach(value -> {
          if (others.contains(value)) {
            common.add(value);
          }
        });
        yield common;
      }
      case "items" -> together(own, other);
      case "minimum", "minLength", "minItems", "minProperties", "exclusiveMinimum" -> greater(own, other, 1, path);
      case "maximum", "maxLength", "maxItems", "maxProperties", "exclusiveMaximum" -> greater(own, other, -1, path);
      default -> throw fail(path, "two schemas that both must hold say different things about " + keyword
          + ", which is not supported");
    };
  }

  private static JsonNode greater(JsonNode a, JsonNode b, int sign, String path) {
    if (!a.isNumber() || !b.isNumber()) {
      throw fail(path, "a bound is no number");
    }
    return a.decimalValue().compareTo(b.decimalValue()) * sign >= 0 ? a : b;
  }

  private static JsonNode together(JsonNode a, JsonNode b) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.putArray("allOf").add(a).add(b);
    return out;
  }

  private static Iterable<JsonNode> list(JsonNode node) {
    return node.isArray() ? node : List.of(node);
  }

  /** The values of {@code enum} and {@code const}. */
  static List<JsonNode> values(ObjectNode schema, String path) {
    List<JsonNode> values = new ArrayList<>();
    if (schema.has("enum") && !schema.get("enum").isArray()) {
      throw fail(path, "enum must be a list");
    }
    if (schema.has("const")) {
      boolean both = schema.has("enum");
      boolean there = !both;
      for (JsonNode value : schema.path("enum")) {
        there |= value.equals(schema.get("const"));
      }
      return there ? List.of(schema.get("const")) : values;
    }
    schema.get("enum").forEach(values::add);
    return values;
  }

  /** True if a value has a type. */
  static boolean is(JsonNode value, String type) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
      case "boolean" -> value.isBoolean();
      default -> value.isNull();
    };
  }

  /** A value of two branches of {@code oneOf} would be valid in neither: there may be none. */
  void checkDisjoint(JsonNode parts, ObjectNode base, String path) {
    for (int i = 0; i < parts.size(); i++) {
      for (int j = 0; j < i; j++) {
        budget.tick(PAIR);
        ObjectNode a = merge(base, object(parts.get(i), path), path);
        ObjectNode b = merge(base, object(parts.get(j), path), path);
        if (!disjoint(a, b, path, 0)) {
          throw fail(path, "oneOf " + j + " and " + i + " could both match one value. Use anyOf, or give them "
              + "different types or a required property with different const or enum values");
        }
      }
    }
  }

  private boolean disjoint(ObjectNode a, ObjectNode b, String path, int depth) {
    if (depth > limits.depth()) {
      return false;
    }
    if (!types(a).isEmpty() && !types(b).isEmpty()) {
      Set<String> common = new HashSet<>(types(a));
      common.retainAll(types(b));
      if (common.isEmpty()) {
        return true;
      }
      if (!common.equals(Set.of("object"))) {
        return valuesDiffer(a, b, path);
      }
    }
    if (valuesDiffer(a, b, path)) {
      return true;
    }
    for (JsonNode name : a.path("required")) {
      for (JsonNode other : b.path("required")) {
        JsonNode first = a.path("properties").path(name.asText());
        JsonNode second = b.path("properties").path(name.asText());
        if (name.equals(other) && first.isObject() && second.isObject()
            && disjoint(object(first, path), object(second, path), path, depth + 1)) {
          return types(a).equals(Set.of("object")) || types(b).equals(Set.of("object"));
        }
      }
    }
    return lacks(a, b) || lacks(b, a);
  }

  /** True if {@code a} has to have a property that {@code b} cannot have. */
  private static boolean lacks(ObjectNode a, ObjectNode b) {
    boolean closed = b.path("additionalProperties").isBoolean() && !b.path("additionalProperties").booleanValue()
        && !b.has("patternProperties") && types(b).equals(Set.of("object"));
    for (JsonNode name : a.path("required")) {
      if (closed && !b.path("properties").has(name.asText())) {
        return true;
      }
    }
    return false;
  }

  private static boolean valuesDiffer(ObjectNode a, ObjectNode b, String path) {
    if (!(a.has("enum") || a.has("const")) || !(b.has("enum") || b.has("const"))) {
      return false;
    }
    Set<JsonNode> others = new HashSet<>(values(b, path));
    return values(a, path).stream().noneMatch(others::contains);
  }

  /** The types that a schema names, an integer counted as a number; none where it names none. */
  private static Set<String> types(ObjectNode schema) {
    Set<String> types = new TreeSet<>();
    list(schema.path("type")).forEach(type -> types.add(type.asText().equals("integer") ? "number" : type.asText()));
    types.remove("");
    return types;
  }
}
