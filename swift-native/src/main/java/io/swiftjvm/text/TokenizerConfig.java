package io.swiftjvm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.error.TokenizerException;
import io.swiftjvm.hub.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code tokenizer_config.json}, and {@code special_tokens_map.json} for what it leaves out. Both may be absent. */
final class TokenizerConfig {
  private static final List<String> NAMED =
      List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");
  private static final List<String> LISTS = List.of("additional_special_tokens", "extra_special_tokens");

  private final ObjectNode config;
  private final ObjectNode map;

  private TokenizerConfig(ObjectNode config, ObjectNode map) {
    this.config = config;
    this.map = map;
  }

  static TokenizerConfig read(Path modelDir) {
    return new TokenizerConfig(optional(modelDir.resolve("tokenizer_config.json")),
        optional(modelDir.resolve("special_tokens_map.json")));
  }

  private static ObjectNode optional(Path file) {
    if (!Files.exists(file)) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      return StrictJson.readObject(file);
    } catch (ModelFormatException e) {
      throw new TokenizerException(String.valueOf(e.getMessage()), e);
    }
  }

  /** The strings of the named special tokens, such as {@code bos_token}, as a chat template gets them. */
  Map<String, Object> namedTokens() {
    Map<String, Object> tokens = new LinkedHashMap<>();
    for (String name : NAMED) {
      token(name).ifPresent(text -> tokens.put(name, text));
    }
    return tokens;
  }

  /** The string of one named special token. */
  Optional<String> token(String name) {
    String text = config.has(name) ? content(config.get(name)) : content(map.get(name));
    return Optional.ofNullable(text);
  }

  /** Every token that the files declare special. */
  Set<String> declaredSpecial() {
    Set<String> tokens = new LinkedHashSet<>();
    namedTokens().values().forEach(token -> tokens.add(token.toString()));
    for (String list : LISTS) {
      for (ObjectNode source : List.of(config, map)) {
        source.path(list).forEach(node -> add(tokens, node));
      }
    }
    config.path("added_tokens_decoder").forEach(node -> {
      if (node.path("special").asBoolean(false)) {
        add(tokens, node);
      }
    });
    return tokens;
  }

  private static void add(Set<String> tokens, JsonNode node) {
    String text = content(node);
    if (text != null) {
      tokens.add(text);
    }
  }

  /** A token is written as a string or as an object with {@code content}. */
  private static @Nullable String content(@Nullable JsonNode node) {
    if (node == null) {
      return null;
    }
    JsonNode text = node.isObject() ? node.path("content") : node;
    return text.isTextual() ? text.textValue() : null;
  }

  /** Chat templates by name; the only one is called {@code default}. */
  Map<String, String> chatTemplates() {
    JsonNode node = config.path("chat_template");
    Map<String, String> templates = new LinkedHashMap<>();
    if (node.isTextual()) {
      templates.put("default", node.textValue());
    }
    if (node.isArray()) {
      node.forEach(each -> templates.put(each.path("name").asText(), each.path("template").asText()));
    }
    return templates;
  }
}
