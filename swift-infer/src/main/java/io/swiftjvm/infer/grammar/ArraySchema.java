package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Arrays: some first elements, then elements of one kind. */
final class ArraySchema {
  private ArraySchema() {}

  static Node of(SchemaReader reader, JsonNode schema, String path) {
    int least = reader.count(schema, "minItems", 0, path);
    int most = reader.count(schema, "maxItems", Node.UNBOUNDED, path);
    JsonNode items = schema.get("items");
    // the older drafts put a list into items
    boolean listed = items != null && items.isArray();
    JsonNode prefix = listed ? items : schema.path("prefixItems");
    JsonNode rest = listed ? schema.get("additionalItems") : items;
    List<Node> first = new ArrayList<>();
    for (int i = 0; i < prefix.size(); i++) {
      first.add(reader.rule(prefix.get(i), path + "/prefixItems/" + i));
    }
    boolean closed = rest != null && rest.isBoolean() && !rest.booleanValue();
    if (closed) {
      most = most == Node.UNBOUNDED ? first.size() : Math.min(most, first.size());
    } else if (rest == null && !first.isEmpty() && most == Node.UNBOUNDED) {
      // nothing asks for more than the first ones
      most = Math.max(least, first.size());
    }
    if (most != Node.UNBOUNDED && most < least) {
      throw reader.fail(path, "minItems is more than the array can have");
    }
    if (schema.path("uniqueItems").asBoolean() && (most == Node.UNBOUNDED || most > 1)) {
      throw reader.fail(path, "uniqueItems is not supported for more than one element");
    }
    if (most == 0) {
      return JsonText.array(Node.EMPTY);
    }
    Node other = closed ? Node.EMPTY : rest == null ? JsonText.VALUE : reader.rule(rest, path + "/items");
    return JsonText.array(first.isEmpty() ? JsonText.list(other, least, most) : elements(first, other, least, most));
  }

  private static Node elements(List<Node> first, Node other, int least, int most) {
    int bound = most == Node.UNBOUNDED ? Integer.MAX_VALUE : most;
    int given = first.size();
    Node tail = bound <= given ? Node.EMPTY : new Node.Repeat(Node.seq(JsonText.COMMA, other),
        Math.max(0, least - given), most == Node.UNBOUNDED ? most : most - given);
    for (int i = Math.min(given, bound) - 1; i >= 0; i--) {
      Node element = Node.seq(i == 0 ? Node.EMPTY : JsonText.COMMA, first.get(i), tail);
      tail = i < least ? element : Node.optional(element);
    }
    return tail;
  }
}
