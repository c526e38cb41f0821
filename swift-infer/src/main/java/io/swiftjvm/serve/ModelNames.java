package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The names that requests may give as their model: the model itself and its adapters. */
final class ModelNames {
  private final Map<String, List<String>> adapters = new LinkedHashMap<>();
  private final String base;
  private final int maxLength;
  private final long created = Instant.now().getEpochSecond();

  ModelNames(String base, List<String> baseAdapters, Collection<String> named, int maxLength) {
    this.base = base;
    this.maxLength = maxLength;
    adapters.put(base, baseAdapters);
    named.stream().sorted().forEach(name -> adapters.put(name, List.of(name)));
  }

  String base() {
    return base;
  }

  /** Most tokens of prompt and answer. */
  int maxLength() {
    return maxLength;
  }

  /** The model of a request; 404 for others. */
  String required(Fields request) {
    String name = request.requiredText("model");
    adapters(name);
    return name;
  }

  /** The model of a request that need not name one. */
  String optional(Fields request) {
    return request.has("model") ? required(request) : base;
  }

  List<String> adapters(String name) {
    List<String> found = adapters.get(name);
    if (found == null) {
      throw ApiException.unknownModel(name);
    }
    return found;
  }

  List<ObjectNode> cards() {
    List<ObjectNode> cards = new ArrayList<>();
    adapters.keySet().forEach(name -> cards.add(card(name)));
    return cards;
  }

  ObjectNode card(String name) {
    adapters(name);
    ObjectNode card = JsonNodeFactory.instance.objectNode();
    card.put("id", name).put("object", "model").put("created", created).put("owned_by", "swift")
        .put("root", base).put("max_model_len", maxLength);
    return name.equals(base) ? card.putNull("parent") : card.put("parent", base);
  }
}
