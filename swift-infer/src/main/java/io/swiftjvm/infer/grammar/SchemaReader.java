package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** From a JSON schema to rules. What matches the rules is valid; not all that is valid matches the rules. */
final class SchemaReader {
  private static final int JSON_DEPTH = 1000;
  private static final List<String> TYPES =
      List.of("object", "array", "string", "number", "integer", "boolean", "null");
  private static final Map<String, List<String>> TYPED = Map.of(
      "object", List.of("properties", "required", "additionalProperties", "patternProperties", "propertyNames",
          "minProperties", "maxProperties"),
      "array", List.of("items", "prefixItems", "minItems", "maxItems"),
      "string", List.of("pattern", "minLength", "maxLength", "format"),
      "number", List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"));

  private final SchemaTree tree;
  private final GrammarLimits limits;
  private final Budget budget;
  private final UnaryOperator<Node> definer;
  private final BiConsumer<String, Node> namer;
  private final Map<String, Node> references = new HashMap<>();
  private final Deque<String> pending = new ArrayDeque<>();
  private int depth;

  private SchemaReader(SchemaTree tree, GrammarLimits limits, Budget budget, UnaryOperator<Node> definer,
      BiConsumer<String, Node> namer) {
    this.tree = tree;
    this.limits = limits;
    this.budget = budget;
    this.definer = definer;
    this.namer = namer;
  }

  /**
   * Reads a schema.
   *
   * @param definer makes a rule of a node
   * @param namer names a rule anew
   */
  static Node read(String schema, GrammarLimits limits, Budget budget, UnaryOperator<Node> definer,
      BiConsumer<String, Node> namer) {
    SchemaReader reader = new SchemaReader(new SchemaTree(parse(schema), limits, budget), limits, budget, definer, namer);
    Node root = reader.node(reader.tree.root(), "#");
    while (!reader.pending.isEmpty()) {
      String pointer = reader.pending.remove();
      if (reader.references.get(pointer) instanceof Node.Ref ref) {
        namer.accept(ref.rule(), reader.node(reader.tree.target(pointer, pointer), pointer));
      }
    }
    return root;
  }

  private static JsonNode parse(String schema) {
    JsonFactory factory = JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(JSON_DEPTH).build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try {
      return JsonMapper.builder(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build().readTree(schema);
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException("The JSON schema is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  GrammarLimits limits() {
    return limits;
  }

  Budget budget() {
    return budget;
  }

  InvalidPlanException fail(String path, String why) {
    return SchemaTree.fail(path, why);
  }

  /** A count that a schema sets. */
  int count(JsonNode schema, String keyword, int absent, String path) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return absent;
    }
    boolean whole = value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
    if (!whole || value.decimalValue().signum() < 0) {
      throw fail(path, keyword + " must be a whole number from 0");
    }
    if (value.doubleValue() > limits.repetition()) {
      throw fail(path, keyword + " is more than " + limits.repetition());
    }
    return value.intValue();
  }

  /** A rule of a node. */
  Node define(Node body) {
    return body instanceof Node.Ref ? body : definer.apply(body);
  }

  /** A rule of a schema. */
  Node rule(JsonNode schema, String path) {
    return define(node(schema, path));
  }

  Node node(JsonNode schema, String path) {
    if (++depth > limits.depth()) {
      throw fail(path, "the schema is nested deeper than " + limits.depth());
    }
    // references make large schemas of small ones
    budget.hold(8);
    try {
      return schema.isBoolean() ? schema.booleanValue() ? JsonText.VALUE : Node.alt()
          : object(SchemaTree.assertions(schema, path), path);
    } finally {
      depth--;
    }
  }

  private Node object(ObjectNode schema, String path) {
    if (schema.has("$ref")) {
      String pointer = schema.path("$ref").asText();
      if (schema.size() == 1) {
        return reference(pointer, path);
      }
      ObjectNode rest = schema.deepCopy().without("$ref");
      return node(SchemaTree.merge(tree.object(tree.target(pointer, path), path), rest, path), path);
    }
    if (schema.has("allOf")) {
      ObjectNode all = schema.deepCopy().without("allOf");
      for (JsonNode part : schema.get("allOf")) {
        if (all.isEmpty() && schema.get("allOf").size() == 1) {
          return node(part, path + "/allOf/0");
        }
        all = SchemaTree.merge(all, tree.object(part, path), path);
      }
      return node(all, path);
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (schema.has(keyword)) {
        return branches(schema, keyword, path);
      }
    }
    return schema.has("enum") || schema.has("const") ? values(schema, path) : typed(schema, path);
  }

  private Node reference(String pointer, String path) {
    Node known = references.get(pointer);
    if (known == null) {
      tree.target(pointer, path);
      known = definer.apply(Node.EMPTY);
      references.put(pointer, known);
      pending.add(pointer);
    }
    return known;
  }

  private Node branches(ObjectNode schema, String keyword, String path) {
    JsonNode parts = schema.get(keyword);
    if (!parts.isArray() || parts.isEmpty()) {
      throw fail(path, keyword + " must be a list of schemas");
    }
    ObjectNode base = schema.deepCopy().without(keyword);
    if (keyword.equals("oneOf")) {
      tree.checkDisjoint(parts, base, path);
    }
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      String where = path + "/" + keyword + "/" + i;
      all.add(base.isEmpty() ? node(parts.get(i), where)
          : node(SchemaTree.merge(base, tree.object(parts.get(i), where), where), where));
    }
    return Node.alt(all);
  }

  private Node values(ObjectNode schema, String path) {
    List<JsonNode> values = SchemaTree.values(schema, path);
    if (values.size() > limits.choices()) {
      throw fail(path, "enum has " + values.size() + " values; at most " + limits.choices() + " are taken");
    }
    Set<String> types = types(schema, path);
    List<Node> all = new ArrayList<>();
    for (JsonNode value : values) {
      if (types.stream().anyMatch(type -> SchemaTree.is(value, type))) {
        all.add(JsonText.literal(value));
      }
    }
    if (all.isEmpty()) {
      throw fail(path, "no value of enum or const has the type of the schema");
    }
    for (String keyword : (Iterable<String>) schema::fieldNames) {
      if (!List.of("enum", "const", "type").contains(keyword)) {
        throw fail(path, keyword + " beside enum or const is not supported");
      }
    }
    return Node.alt(all);
  }

  /** The types a schema names, else those its keywords are about, else all. */
  private Set<String> types(ObjectNode schema, String path) {
    Set<String> types = new LinkedHashSet<>();
    JsonNode given = schema.get("type");
    if (given != null) {
      (given.isArray() ? given : List.of(given)).forEach(type -> types.add(type.asText()));
      if (types.isEmpty() || !TYPES.containsAll(types)) {
        throw fail(path, "type must be one or several of " + TYPES);
      }
      return types;
    }
    TYPED.forEach((type, keywords) -> {
      if (keywords.stream().anyMatch(schema::has)) {
        types.add(type);
      }
    });
    return types.isEmpty() ? new LinkedHashSet<>(TYPES) : types;
  }

  private Node typed(ObjectNode schema, String path) {
    Set<String> types = types(schema, path);
    if (types.size() == TYPES.size()) {
      return JsonText.VALUE;
    }
    if (types.contains("number")) {
      types.remove("integer");
    }
    List<Node> all = new ArrayList<>();
    for (String type : types) {
      all.add(switch (type) {
        case "object" -> ObjectSchema.of(this, schema, path);
        case "array" -> ArraySchema.of(this, schema, path);
        case "string" -> StringSchema.of(this, schema, path);
        case "number" -> NumberSchema.of(this, schema, path, false);
        case "integer" -> NumberSchema.of(this, schema, path, true);
        case "boolean" -> JsonText.BOOLEAN;
        default -> JsonText.NULL;
      });
    }
    return Node.alt(all);
  }
}
