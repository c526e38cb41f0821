package io.swiftjvm.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** JSON files of a model folder: valid UTF-8, one object, no duplicate keys, nothing after it, size capped. */
public final class StrictJson {
  /** Largest JSON file that is read unless the caller says otherwise: 64 MiB. */
  public static final long MAX_BYTES = 64L << 20;

  private static final JsonFactory FACTORY = JsonFactory.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
      .build();
  private static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private StrictJson() {}

  /** The object in {@code file}. Anything else throws {@link ModelFormatException} with the file and the cause. */
  public static ObjectNode readObject(Path file) {
    return readObject(file, MAX_BYTES);
  }

  /** The object in {@code file}, which may be at most {@code maxBytes} long. */
  public static ObjectNode readObject(Path file, long maxBytes) {
    try {
      if (!Files.isRegularFile(file)) {
        throw refusal(file, Files.exists(file) ? "it is not a regular file" : "there is no such file", null);
      }
      if (Files.size(file) > maxBytes) {
        throw refusal(file, "it has " + Files.size(file) + " bytes, more than " + maxBytes, null);
      }
      return parse(file, utf8(ByteBuffer.wrap(Files.readAllBytes(file))));
    } catch (CharacterCodingException e) {
      throw refusal(file, "it is not valid UTF-8", e);
    } catch (IOException e) {
      throw refusal(file, cause(e), e);
    }
  }

  private static ObjectNode parse(Path file, String text) throws IOException {
    if (MAPPER.readTree(text) instanceof ObjectNode object) {
      return object;
    }
    throw refusal(file, "it does not hold a JSON object", null);
  }

  private static ModelFormatException refusal(Path file, String cause, @Nullable Throwable why) {
    String message = "Cannot read " + file + " as JSON: " + cause + ". Repair or download the file again.";
    return why == null ? new ModelFormatException(message) : new ModelFormatException(message, why);
  }

  static String utf8(ByteBuffer bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
  }

  static JsonParser parser(String json) throws IOException {
    return FACTORY.createParser(json);
  }

  static boolean wellFormed(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /** The reason without Jackson's location text, which may echo file content at length. */
  static String cause(IOException e) {
    if (e instanceof JsonProcessingException json) {
      var at = json.getLocation();
      String where = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
      return shown(String.valueOf(json.getOriginalMessage())) + where;
    }
    return e.toString();
  }

  /** {@code text} fit for a message: control characters replaced, at most 200 characters. */
  static String shown(String text) {
    String clean = text.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
    return clean.length() <= 200 ? clean : clean.substring(0, 200) + "...";
  }
}
