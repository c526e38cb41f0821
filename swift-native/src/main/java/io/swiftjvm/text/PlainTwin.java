package io.swiftjvm.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Rewrites a {@code tokenizer.json} so that no text can produce a special token: DJL offers no switch for it. Each
 * special token gets a random name, everywhere, so that all ids stay as they are.
 */
final class PlainTwin {
  private final Map<String, String> names = new HashMap<>();
  private final JsonParser in;
  private final JsonGenerator out;

  private PlainTwin(JsonParser in, JsonGenerator out, Collection<AddedToken> special) {
    this.in = in;
    this.out = out;
    // Random, so that no text can contain it.
    String prefix = "<" + UUID.randomUUID() + "-";
    special.forEach(token -> names.put(token.content(), prefix + token.id() + ">"));
  }

  static String of(String json, Collection<AddedToken> special) throws IOException {
    StringWriter text = new StringWriter(json.length());
    try (JsonParser in = Vocabulary.JSON.createParser(json);
        JsonGenerator out = Vocabulary.JSON.createGenerator(text)) {
      new PlainTwin(in, out, special).copy();
    }
    return text.toString();
  }

  private String renamed(String token) {
    return names.getOrDefault(token, token);
  }

  private void copy() throws IOException {
    in.nextToken();
    out.writeStartObject();
    for (String field = in.nextFieldName(); field != null; field = in.nextFieldName()) {
      out.writeFieldName(field);
      in.nextToken();
      switch (field) {
        case "added_tokens" -> tokens();
        case "model" -> model();
        default -> out.copyCurrentStructure(in);
      }
    }
    out.writeEndObject();
  }

  private void tokens() throws IOException {
    out.writeStartArray();
    while (in.nextToken() == JsonToken.START_OBJECT) {
      out.writeStartObject();
      for (String field = in.nextFieldName(); field != null; field = in.nextFieldName()) {
        out.writeFieldName(field);
        in.nextToken();
        if (field.equals("content")) {
          out.writeString(renamed(in.getText()));
        } else {
          out.copyCurrentStructure(in);
        }
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private void model() throws IOException {
    out.writeStartObject();
    for (String field = in.nextFieldName(); field != null; field = in.nextFieldName()) {
      out.writeFieldName(field);
      JsonToken value = in.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
        entries();
      } else if (field.equals("vocab") && value == JsonToken.START_ARRAY) {
        pieces();
      } else if (field.equals("merges") && value == JsonToken.START_ARRAY) {
        merges();
      } else if (field.equals("unk_token") && value == JsonToken.VALUE_STRING) {
        out.writeString(renamed(in.getText()));
      } else {
        out.copyCurrentStructure(in);
      }
    }
    out.writeEndObject();
  }

  private void entries() throws IOException {
    out.writeStartObject();
    for (String token = in.nextFieldName(); token != null; token = in.nextFieldName()) {
      out.writeFieldName(renamed(token));
      in.nextToken();
      out.copyCurrentStructure(in);
    }
    out.writeEndObject();
  }

  private void pieces() throws IOException {
    out.writeStartArray();
    while (in.nextToken() == JsonToken.START_ARRAY) {
      out.writeStartArray();
      out.writeString(renamed(String.valueOf(in.nextTextValue())));
      while (in.nextToken() != JsonToken.END_ARRAY) {
        out.copyCurrentStructure(in);
      }
      out.writeEndArray();
    }
    out.writeEndArray();
  }

  /** Merges are {@code "a b"} or {@code ["a", "b"]}; one that builds a special token is left out. */
  private void merges() throws IOException {
    out.writeStartArray();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
      if (token == JsonToken.START_ARRAY) {
        String left = String.valueOf(in.nextTextValue());
        String right = String.valueOf(in.nextTextValue());
        in.nextToken();
        if (!names.containsKey(left.concat(right))) {
          out.writeStartArray();
          out.writeString(left);
          out.writeString(right);
          out.writeEndArray();
        }
      } else if (!names.containsKey(in.getText().replaceFirst(" ", ""))) {
        out.writeString(in.getText());
      }
    }
    out.writeEndArray();
  }
}
