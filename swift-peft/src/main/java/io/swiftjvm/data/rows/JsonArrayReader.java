package io.swiftjvm.data.rows;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A file that is one JSON array of objects, read element by element. A broken file is refused where it breaks. */
final class JsonArrayReader implements RawReader {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private final Path path;
  private final JsonParser parser;
  private boolean open;
  private @Nullable String duplicate;

  JsonArrayReader(Path path, InputStream in) {
    this.path = path;
    try {
      parser = FACTORY.createParser(in);
    } catch (IOException e) {
      throw new DatasetException(path + " cannot be read: " + e, e);
    }
  }

  @Override
  public @Nullable RawRow next() {
    try {
      if (!open && parser.nextToken() != JsonToken.START_ARRAY) {
        throw new DatasetException(path + " is no JSON array. Write [{..}, {..}] or JSONL.");
      }
      open = true;
      JsonToken token = parser.nextToken();
      if (token == JsonToken.END_ARRAY) {
        if (parser.nextToken() != null) {
          throw broken("something stands behind the array");
        }
        return null;
      }
      Origin origin = new Origin(path.toString(), parser.currentTokenLocation().getLineNr());
      if (token != JsonToken.START_OBJECT) {
        parser.skipChildren();
        return RawRow.bad("the element is no JSON object", origin);
      }
      duplicate = null;
      Map<String, @Nullable Object> columns = object();
      return duplicate == null ? RawRow.of(columns, origin)
          : RawRow.bad("the element has the key '" + duplicate + "' twice", origin);
    } catch (JsonProcessingException e) {
      throw broken(e.getOriginalMessage());
    } catch (IOException e) {
      throw broken(e.toString());
    }
  }

  private Map<String, @Nullable Object> object() throws IOException {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      boolean twice = out.containsKey(key);
      out.put(key, value());
      duplicate = twice ? key : duplicate;
    }
    return out;
  }

  private @Nullable Object value() throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object();
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value());
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private DatasetException broken(String why) {
    return new DatasetException(path + ":" + parser.currentLocation().getLineNr() + " is no JSON array from here: " + why
        + ". Write [{..}, {..}] or JSONL.");
  }

  @Override
  public void close() {
    try {
      parser.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
