package io.swiftjvm.data.rows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads JSONL, JSON, CSV and TXT files, and folders of them. */
final class RawFiles {
  private static final TypeReference<Map<String, @Nullable Object>> MAP = new TypeReference<>() {};
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private static final List<String> ENDINGS = List.of(".jsonl", ".json", ".csv", ".txt");

  private RawFiles() {}

  static List<RawRow> read(Path path) {
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    if (!Files.isRegularFile(path)) {
      throw new DatasetException("data set '" + path + "' is neither a file nor a folder. Pass a .jsonl, .json, .csv or "
          + ".txt file, a folder of them, or " + DatasetSpec.SELF_COGNITION + ".");
    }
    String name = path.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet") || name.endsWith(".arrow")) {
      throw new DatasetException(path + " is a " + name.substring(name.lastIndexOf('.') + 1)
          + " file, which this version does not read. Convert it to JSONL.");
    }
    String text = text(path);
    if (name.endsWith(".txt")) {
      return lines(path, text);
    }
    if (name.endsWith(".csv")) {
      return csv(path, text);
    }
    return text.stripLeading().startsWith("[") ? array(path, text) : jsonl(path, text);
  }

  private static List<RawRow> folder(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> known = files.filter(Files::isRegularFile)
          .filter(f -> ENDINGS.stream().anyMatch(e -> f.toString().toLowerCase(Locale.ROOT).endsWith(e))).sorted().toList();
      if (known.isEmpty()) {
        throw new DatasetException("the folder " + folder + " has no .jsonl, .json, .csv or .txt file. Pass one that has.");
      }
      List<RawRow> all = new ArrayList<>();
      known.forEach(f -> all.addAll(read(f)));
      return all;
    } catch (IOException e) {
      throw new DatasetException("the folder " + folder + " cannot be read: " + e, e);
    }
  }

  private static String text(Path path) {
    try {
      String text = Files.readString(path);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new DatasetException(path + " is no UTF-8 text. Convert it to UTF-8.", e);
    } catch (IOException | OutOfMemoryError e) {
      throw new DatasetException(path + " cannot be read: " + e, e);
    }
  }

  static List<RawRow> jsonl(Path path, String text) {
    List<RawRow> rows = new ArrayList<>();
    int line = 0;
    for (String content : text.split("\n", -1)) {
      line++;
      if (!content.isBlank()) {
        Origin origin = new Origin(path.toString(), line);
        try {
          Map<String, @Nullable Object> columns = JSON.readValue(content, MAP);
          rows.add(columns == null ? RawRow.bad("the line is null", origin) : RawRow.of(columns, origin));
        } catch (JsonProcessingException e) {
          rows.add(RawRow.bad("the line is no JSON object: " + e.getOriginalMessage(), origin));
        }
      }
    }
    return rows;
  }

  private static List<RawRow> array(Path path, String text) {
    List<?> list;
    try {
      list = JSON.readValue(text, List.class);
    } catch (JsonProcessingException e) {
      throw new DatasetException(path + " is no JSON array: " + e.getOriginalMessage() + ". Write [{..}, {..}] or JSONL.", e);
    }
    List<RawRow> rows = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      Origin origin = new Origin(path.toString(), i + 1);
      if (list.get(i) instanceof Map<?, ?> map) {
        Map<String, @Nullable Object> columns = new LinkedHashMap<>();
        map.forEach((k, v) -> columns.put(String.valueOf(k), v));
        rows.add(RawRow.of(columns, origin));
      } else {
        rows.add(RawRow.bad("the element is no JSON object", origin));
      }
    }
    return rows;
  }

  private static List<RawRow> lines(Path path, String text) {
    List<RawRow> rows = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      Map<String, @Nullable Object> columns = new LinkedHashMap<>();
      columns.put("text", lines.get(i));
      rows.add(RawRow.of(columns, new Origin(path.toString(), i + 1)));
    }
    return rows;
  }

  private static List<RawRow> csv(Path path, String text) {
    List<Csv.Line> records = Csv.parse(text);
    if (records.isEmpty()) {
      throw new DatasetException(path + " is empty. The first line of a CSV file names the columns.");
    }
    List<String> header = records.getFirst().fields();
    List<RawRow> rows = new ArrayList<>();
    for (Csv.Line line : records.subList(1, records.size())) {
      Origin origin = new Origin(path.toString(), line.number());
      if (line.fields().size() != header.size()) {
        rows.add(RawRow.bad(line.fields().size() + " fields instead of " + header.size(), origin));
        continue;
      }
      Map<String, @Nullable Object> columns = new LinkedHashMap<>();
      for (int i = 0; i < header.size(); i++) {
        columns.put(header.get(i), line.fields().get(i));
      }
      rows.add(RawRow.of(columns, origin));
    }
    return rows;
  }
}
