package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Objects: the properties of the schema in its order, then others where they may be. */
final class ObjectSchema {
  private final SchemaReader reader;
  private final JsonNode schema;
  private final String path;
  private final Map<String, JsonNode> properties = new LinkedHashMap<>();
  private final Set<String> required = new LinkedHashSet<>();
  private final @Nullable JsonNode additional;

  private ObjectSchema(SchemaReader reader, JsonNode schema, String path) {
    this.reader = reader;
    this.schema = schema;
    this.path = path;
    this.additional = schema.has("additionalProperties") ? schema.get("additionalProperties")
        : BooleanNode.FALSE.equals(schema.get("unevaluatedProperties")) ? BooleanNode.FALSE : null;
  }

  static Node of(SchemaReader reader, JsonNode schema, String path) {
    return new ObjectSchema(reader, schema, path).node();
  }

  private Node node() {
    schema.path("properties").properties().forEach(p -> properties.put(p.getKey(), p.getValue()));
    for (JsonNode name : schema.path("required")) {
      if (!name.isTextual()) {
        throw reader.fail(path, "required must be a list of names");
      }
      required.add(name.textValue());
      if (!properties.containsKey(name.textValue())) {
        properties.put(name.textValue(), additional == null ? BooleanNode.TRUE : additional);
      }
    }
    checkPatterns();
    properties.keySet().removeIf(name -> BooleanNode.FALSE.equals(properties.get(name)) && !required.contains(name));
    int least = reader.count(schema, "minProperties", 0, path);
    int most = reader.count(schema, "maxProperties", Node.UNBOUNDED, path);
    Node more = more();
    if (properties.isEmpty()) {
      if (least > 1) {
        throw reader.fail(path, "minProperties over 1 needs as many required properties");
      }
      boolean none = more == null;
      if (none && least > 0) {
        throw reader.fail(path, "minProperties is more than the object can have");
      }
      if (!none && most == Node.UNBOUNDED && least == 0 && free()) {
        return JsonText.OBJECT;
      }
      return JsonText.object(more == null ? Node.EMPTY : JsonText.list(more, least, most));
    }
    if (least > required.size()) {
      throw reader.fail(path, "minProperties over the number of required properties is not supported");
    }
    if (most != Node.UNBOUNDED && (more != null || most < properties.size())) {
      throw reader.fail(path, "maxProperties is only supported without properties, or where it changes nothing");
    }
    return JsonText.object(members(more));
  }

  private boolean free() {
    return !schema.has("patternProperties") && !schema.has("propertyNames")
        && (additional == null || BooleanNode.TRUE.equals(additional) || additional.isEmpty());
  }

  private void checkPatterns() {
    for (Map.Entry<String, JsonNode> pattern : schema.path("patternProperties").properties()) {
      Dfa dfa = Dfa.of(StringSchema.pattern(reader, TextNode.valueOf(pattern.getKey()), path), reader.budget());
      for (String name : properties.keySet()) {
        if (dfa.matches(escaped(name).bytes())) {
          throw reader.fail(path, "the property '" + name + "' is matched by patternProperties too, which is not "
              + "supported");
        }
      }
    }
    if (schema.has("propertyNames") && !properties.isEmpty()) {
      throw reader.fail(path, "propertyNames beside properties or required is not supported");
    }
  }

  /** A name as its JSON, quotes left out. */
  private static Node.Text escaped(String name) {
    String json = TextNode.valueOf(name).toString();
    return new Node.Text(json.substring(1, json.length() - 1));
  }

  /** A property that the schema does not name; null if there may be none. */
  private @Nullable Node more() {
    // written without escapes, so that a name can be told from those of the schema
    Node name = Node.any(Node.chars(JsonText.PLAIN));
    if (!properties.isEmpty()) {
      name = new Node.Minus(name, Node.alt(new ArrayList<>(properties.keySet().stream().map(ObjectSchema::escaped)
          .toList())));
    }
    JsonNode patterns = schema.path("patternProperties");
    if (!patterns.isEmpty()) {
      List<Node> pairs = new ArrayList<>();
      for (Map.Entry<String, JsonNode> pattern : patterns.properties()) {
        Node own = name;
        for (String other : (Iterable<String>) patterns::fieldNames) {
          Node matched = StringSchema.pattern(reader, TextNode.valueOf(other), path);
          own = other.equals(pattern.getKey()) ? new Node.And(own, matched) : new Node.Minus(own, matched);
        }
        pairs.add(pair(own, reader.rule(pattern.getValue(), path + "/patternProperties")));
      }
      return Node.alt(pairs);
    }
    boolean silent = additional == null && !properties.isEmpty();
    if (silent || BooleanNode.FALSE.equals(additional)) {
      return null;
    }
    JsonNode names = schema.get("propertyNames");
    if (names != null && names.isObject()) {
      name = names.has("enum") || names.has("const") ? names(names)
          : new Node.And(name, withoutCalls(StringSchema.body(reader, names, path + "/propertyNames")));
    }
    return pair(name, additional == null ? JsonText.VALUE : reader.rule(additional, path + "/additionalProperties"));
  }

  private static Node names(JsonNode names) {
    List<Node> all = new ArrayList<>();
    (names.has("const") ? List.of(names.get("const")) : names.path("enum")).forEach(n -> all.add(escaped(n.asText())));
    return Node.alt(all);
  }

  /** The characters of a name may not be calls where names are compared. */
  private static Node withoutCalls(Node body) {
    return body instanceof Node.Repeat repeat && repeat.part().equals(JsonText.CHAR)
        ? new Node.Repeat(Node.chars(JsonText.PLAIN), repeat.least(), repeat.most()) : body;
  }

  private static Node pair(Node name, Node value) {
    return Node.seq(JsonText.QUOTE, name, JsonText.QUOTE, JsonText.COLON, value);
  }

  /** The members in order; rules keep what several beginnings share in one place. */
  private Node members(@Nullable Node more) {
    List<Node> own = new ArrayList<>();
    List<Boolean> needed = new ArrayList<>();
    properties.forEach((name, value) -> {
      String where = path + "/properties/" + name.replace("~", "~0").replace("/", "~1");
      own.add(Node.seq(JsonText.QUOTE, escaped(name), JsonText.QUOTE, JsonText.COLON, reader.node(value, where)));
      needed.add(required.contains(name));
    });
    boolean straight = !needed.contains(false);
    Node tail = more == null ? Node.EMPTY : reader.define(Node.any(Node.seq(JsonText.COMMA, reader.define(more))));
    List<Node> beginnings = new ArrayList<>();
    for (int i = own.size() - 1; i >= 0; i--) {
      Node member = straight ? own.get(i) : reader.define(own.get(i));
      if (needed.get(i)) {
        beginnings.clear();
      }
      beginnings.addFirst(Node.seq(member, tail));
      Node next = Node.seq(JsonText.COMMA, member);
      Node rest = Node.seq(needed.get(i) ? next : Node.optional(next), tail);
      tail = straight || i == 0 ? rest : reader.define(rest);
    }
    boolean empty = !needed.contains(true);
    if (empty && more != null) {
      beginnings.add(JsonText.list(more, 1, Node.UNBOUNDED));
    }
    Node all = Node.alt(beginnings);
    return empty ? Node.optional(all) : all;
  }
}
