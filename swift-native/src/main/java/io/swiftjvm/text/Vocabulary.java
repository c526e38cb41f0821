package io.swiftjvm.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What {@code tokenizer.json} says about ids: the vocabulary of the model and the added tokens. */
final class Vocabulary {
  static final JsonFactory JSON = JsonFactory.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
      .build();

  private static final int MAX_ID = 16 << 20;

  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, String> tokens = new HashMap<>();
  private final List<AddedToken> added = new ArrayList<>();

  private Vocabulary() {}

  /** Reads the text of a {@code tokenizer.json}; throws IOException with the reason when it is malformed. */
  static Vocabulary read(String json) throws IOException {
    Vocabulary vocabulary = new Vocabulary();
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonParseException(parser, "it does not hold a JSON object");
      }
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        switch (field) {
          case "model" -> vocabulary.model(parser);
          case "added_tokens" -> vocabulary.added(parser);
          default -> parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "there is more after the JSON object");
      }
    }
    return vocabulary;
  }

  Map<String, Integer> ids() {
    return ids;
  }

  Map<Integer, String> tokens() {
    return tokens;
  }

  List<AddedToken> added() {
    return added;
  }

  private void model(JsonParser parser) throws IOException {
    for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
        for (String token = parser.nextFieldName(); token != null; token = parser.nextFieldName()) {
          parser.nextToken();
          put(parser, token, parser.getIntValue());
        }
      } else if (field.equals("vocab") && value == JsonToken.START_ARRAY) {
        pieces(parser);
      } else {
        parser.skipChildren();
      }
    }
  }

  /** Unigram: the place of a {@code [piece, score]} pair is its id. */
  private void pieces(JsonParser parser) throws IOException {
    for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
      put(parser, String.valueOf(parser.nextTextValue()), id);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        parser.skipChildren();
      }
    }
  }

  private void added(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      int id = -1;
      String content = "";
      boolean special = false;
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        switch (field) {
          case "id" -> id = parser.getIntValue();
          case "content" -> content = parser.getText();
          case "special" -> special = parser.getBooleanValue();
          default -> parser.skipChildren();
        }
      }
      put(parser, content, id);
      added.add(new AddedToken(id, content, special));
    }
  }

  private void put(JsonParser parser, String token, int id) throws IOException {
    if (id < 0 || id >= MAX_ID) {
      throw new JsonParseException(parser, "id " + id + " of a token is not in 0.." + (MAX_ID - 1));
    }
    ids.put(token, id);
    tokens.put(id, token);
  }
}
