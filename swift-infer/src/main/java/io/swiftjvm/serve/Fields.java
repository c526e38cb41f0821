package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON object, read with their types; null counts as absent. A wrong one is told with its name. */
final class Fields {
  private final ObjectNode node;
  private final String path;

  Fields(ObjectNode node) {
    this(node, "");
  }

  private Fields(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /** An object inside another one or a list; {@code path} is how errors call it. */
  static Fields of(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new Fields(object, path + ".");
    }
    throw ApiException.invalid(path, path + " must be an object.");
  }

  String path(String name) {
    return path + name;
  }

  ObjectNode node() {
    return node;
  }

  boolean has(String name) {
    return node.hasNonNull(name);
  }

  @Nullable JsonNode get(String name) {
    return node.hasNonNull(name) ? node.get(name) : null;
  }

  @Nullable Integer integer(String name, int least, int most) {
    Long value = whole(name, least, most);
    return value == null ? null : Integer.valueOf(value.intValue());
  }

  @Nullable Long whole(String name, long least, long most) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < least
        || value.longValue() > most) {
      throw ApiException.invalid(path(name), path(name) + " must be a whole number from " + least + " to " + most
          + ".");
    }
    return value.longValue();
  }

  @Nullable Double number(String name, double least, double most) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw ApiException.invalid(path(name), path(name) + " must be a number from " + least + " to " + most + ".");
    }
    return value.doubleValue();
  }

  boolean flag(String name, boolean absent) {
    JsonNode value = get(name);
    if (value != null && !value.isBoolean()) {
      throw ApiException.invalid(path(name), path(name) + " must be true or false.");
    }
    return value == null ? absent : value.booleanValue();
  }

  @Nullable String text(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw ApiException.invalid(path(name), path(name) + " must be a string.");
    }
    return Text.whole(value.textValue());
  }

  String requiredText(String name) {
    String value = text(name);
    if (value == null) {
      throw ApiException.invalid(path(name), path(name) + " is missing.");
    }
    return value;
  }

  @Nullable Fields object(String name) {
    JsonNode value = get(name);
    return value == null ? null : of(value, path(name));
  }

  /** A list of at most {@code most} elements; null where it is absent. */
  @Nullable List<JsonNode> list(String name, int most) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof ArrayNode array)) {
      throw ApiException.invalid(path(name), path(name) + " must be a list.");
    }
    if (array.size() > most) {
      throw ApiException.invalid(path(name), path(name) + " has " + array.size() + " elements; at most " + most
          + " are taken.");
    }
    List<JsonNode> all = new ArrayList<>();
    array.forEach(all::add);
    return all;
  }

  /** A field that this server does not have may only say what happens anyway. */
  void unsupported(String name, boolean harmless) {
    if (has(name) && !harmless) {
      throw ApiException.unsupported(path(name), path(name) + " is not supported by this server.");
    }
  }
}
