package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/** Judges a value by a schema, written from the standard and apart from the code under test. */
final class Validator {
  private final JsonNode root;

  Validator(JsonNode root) {
    this.root = root;
  }

  boolean valid(JsonNode value) {
    return valid(root, value);
  }

  private boolean valid(JsonNode s, JsonNode v) {
    if (s.isBoolean()) {
      return s.booleanValue();
    }
    if (s.has("$ref")) {
      String pointer = s.get("$ref").asText().substring(1);
      if (!valid(pointer.isEmpty() ? root : root.at(pointer), v)) {
        return false;
      }
    }
    boolean ok = !s.has("type") || one(s.get("type"), t -> type(v, t.asText()));
    ok &= !s.has("const") || s.get("const").equals(v);
    ok &= !s.has("enum") || one(s.get("enum"), e -> e.equals(v));
    ok &= !s.has("anyOf") || one(s.get("anyOf"), b -> valid(b, v));
    ok &= !s.has("oneOf") || count(s.get("oneOf"), b -> valid(b, v)) == 1;
    ok &= !s.has("allOf") || count(s.get("allOf"), b -> valid(b, v)) == s.get("allOf").size();
    return ok && (!v.isNumber() || number(s, v.decimalValue())) && (!v.isTextual() || string(s, v.textValue()))
        && (!v.isArray() || array(s, v)) && (!v.isObject() || object(s, v));
  }

  private static boolean type(JsonNode v, String type) {
    return switch (type) {
      case "object" -> v.isObject();
      case "array" -> v.isArray();
      case "string" -> v.isTextual();
      case "number" -> v.isNumber();
      case "integer" -> v.isNumber() && v.decimalValue().stripTrailingZeros().scale() <= 0;
      case "boolean" -> v.isBoolean();
      case "null" -> v.isNull();
      default -> throw new AssertionError(type);
    };
  }

  private static boolean number(JsonNode s, BigDecimal v) {
    return (!s.has("minimum") || v.compareTo(s.get("minimum").decimalValue()) >= 0)
        && (!s.has("maximum") || v.compareTo(s.get("maximum").decimalValue()) <= 0)
        && (!s.has("exclusiveMinimum") || v.compareTo(s.get("exclusiveMinimum").decimalValue()) > 0)
        && (!s.has("exclusiveMaximum") || v.compareTo(s.get("exclusiveMaximum").decimalValue()) < 0)
        && (!s.has("multipleOf") || v.remainder(s.get("multipleOf").decimalValue()).signum() == 0);
  }

  private static boolean string(JsonNode s, String v) {
    int length = v.codePointCount(0, v.length());
    return (!s.has("minLength") || length >= s.get("minLength").asInt())
        && (!s.has("maxLength") || length <= s.get("maxLength").asInt())
        && (!s.has("pattern") || Pattern.compile(s.get("pattern").asText(), Pattern.DOTALL).matcher(v).find())
        && (!s.has("format") || format(s.get("format").asText(), v));
  }

  private static boolean format(String format, String v) {
    try {
      Object parsed = switch (format) {
        case "date" -> LocalDate.parse(v);
        case "date-time" -> OffsetDateTime.parse(v);
        case "uuid" -> UUID.fromString(v);
        default -> v;
      };
      return parsed != null;
    } catch (RuntimeException e) {
      return false;
    }
  }

  private boolean array(JsonNode s, JsonNode v) {
    if (v.size() < s.path("minItems").asInt() || v.size() > s.path("maxItems").asInt(Integer.MAX_VALUE)) {
      return false;
    }
    JsonNode prefix = s.path("prefixItems");
    for (int i = 0; i < v.size(); i++) {
      JsonNode item = i < prefix.size() ? prefix.get(i) : s.get("items");
      if (item != null && !valid(item, v.get(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean object(JsonNode s, JsonNode v) {
    boolean ok = v.size() >= s.path("minProperties").asInt()
        && v.size() <= s.path("maxProperties").asInt(Integer.MAX_VALUE);
    for (JsonNode name : s.path("required")) {
      ok &= v.has(name.asText());
    }
    List<String> names = new ArrayList<>();
    v.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      boolean known = s.path("properties").has(name);
      ok &= !known || valid(s.get("properties").get(name), v.get(name));
      List<String> patterns = new ArrayList<>();
      s.path("patternProperties").fieldNames().forEachRemaining(patterns::add);
      for (String pattern : patterns) {
        if (Pattern.compile(pattern).matcher(name).find()) {
          known = true;
          ok &= valid(s.get("patternProperties").get(pattern), v.get(name));
        }
      }
      ok &= known || !s.has("additionalProperties") || valid(s.get("additionalProperties"), v.get(name));
      ok &= !s.has("propertyNames") || string(s.get("propertyNames"), name);
    }
    return ok;
  }

  private interface Test {
    boolean of(JsonNode node);
  }

  private static boolean one(JsonNode list, Test test) {
    return list.isArray() ? count(list, test) > 0 : test.of(list);
  }

  private static int count(JsonNode list, Test test) {
    int n = 0;
    for (JsonNode node : list) {
      n += test.of(node) ? 1 : 0;
    }
    return n;
  }
}
