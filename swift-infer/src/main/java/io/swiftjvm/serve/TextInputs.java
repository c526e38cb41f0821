package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A field that holds a text, several, token ids, or several lists of them: {@code prompt} and {@code input}. */
final class TextInputs {
  private final Service service;
  private final String name;
  private final int most;
  private final boolean vectors;

  /**
   * The field {@code name} with at most so many texts.
   *
   * @param vectors true if the texts shall become vectors, not be continued
   */
  TextInputs(Service service, String name, int most, boolean vectors) {
    this.vectors = vectors;
    this.service = service;
    this.name = name;
    this.most = most;
  }

  /**
   * One of them.
   *
   * @param ids one or more
   * @param given the text it was made from; null where it was ids or was cut
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Input(int[] ids, @Nullable String given) {}

  List<Input> read(Fields f) {
    JsonNode value = f.get(name);
    boolean special = f.flag("add_special_tokens", true);
    Integer last = f.integer("truncate_prompt_tokens", -1, service.names().maxLength());
    if (value == null) {
      throw ApiException.invalid(name, name + " is missing.");
    }
    if (value.isTextual()) {
      return List.of(text(value.textValue(), special, last));
    }
    if (!value.isArray() || value.isEmpty()) {
      throw wrong();
    }
    if (value.get(0).isNumber()) {
      return List.of(ids(value, last));
    }
    if (value.size() > most) {
      throw ApiException.invalid(name, name + " has " + value.size() + " texts; at most " + most + " are taken.");
    }
    List<Input> inputs = new ArrayList<>();
    boolean texts = value.get(0).isTextual();
    for (JsonNode one : value) {
      if (texts ? !one.isTextual() : !one.isArray()) {
        throw wrong();
      }
      inputs.add(texts ? text(one.textValue(), special, last) : ids(one, last));
    }
    return inputs;
  }

  private Input text(String text, boolean special, @Nullable Integer last) {
    String whole = Text.whole(text);
    int limit = service.names().maxLength();
    int[] ids = vectors ? service.prompts().single(whole, special, limit, name)
        : service.prompts().text(whole, special, limit, name);
    int[] kept = PromptEncoder.last(ids, last, limit);
    return checked(kept, kept.length == ids.length ? whole : null);
  }

  private Input ids(JsonNode list, @Nullable Integer last) {
    List<JsonNode> nodes = new ArrayList<>();
    list.forEach(nodes::add);
    int[] ids = TokenIds.array(TokenIds.read(nodes, service.vocabulary(), name));
    return checked(PromptEncoder.last(ids, last, service.names().maxLength()), null);
  }

  private Input checked(int[] ids, @Nullable String text) {
    if (ids.length == 0) {
      throw ApiException.invalid(name, name + " has a text without tokens.");
    }
    return new Input(ids, text);
  }

  private ApiException wrong() {
    return ApiException.invalid(
        name, name + " must be a string, a list of strings, a list of token ids or a list of those.");
  }
}
