package io.swiftjvm.data.rows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Files with one row on each line: JSON objects (blank lines are none), or plain text (blank lines are rows). */
final class LineReader implements RawReader {
  private static final TypeReference<Map<String, @Nullable Object>> MAP = new TypeReference<>() {};
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private final String name;
  private final Lines lines;
  private final boolean json;

  private LineReader(Path path, InputStream in, boolean json) {
    this.name = path.toString();
    this.lines = new Lines(path, in);
    this.json = json;
  }

  static LineReader json(Path path, InputStream in) {
    return new LineReader(path, in, true);
  }

  static LineReader text(Path path, InputStream in) {
    return new LineReader(path, in, false);
  }

  @Override
  public @Nullable RawRow next() {
    Lines.Line line = lines.next();
    while (line != null && json && line.text() != null && line.text().isBlank()) {
      line = lines.next();
    }
    if (line == null) {
      return null;
    }
    Origin origin = new Origin(name, line.number());
    String text = line.text();
    if (text == null) {
      return RawRow.bad(line.problem(), origin);
    }
    if (json) {
      return object(text, origin);
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    columns.put("text", text);
    return RawRow.of(columns, origin);
  }

  /** One line of a JSONL file. */
  static RawRow object(String line, Origin origin) {
    try {
      Map<String, @Nullable Object> columns = JSON.readValue(line, MAP);
      return columns == null ? RawRow.bad("the line is null", origin) : RawRow.of(columns, origin);
    } catch (JsonProcessingException e) {
      return RawRow.bad("the line is no JSON object: " + e.getOriginalMessage(), origin);
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
