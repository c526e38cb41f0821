package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Comma-separated values as RFC 4180 has them: quoted fields may hold commas, doubled quotes and line breaks. The first
 * line names the columns.
 */
final class CsvReader implements RawReader {
  private static final int LONGEST_FIELD = 32 << 20;

  private final Path path;
  private final Reader in;
  private final List<String> header;
  private int line = 1;
  private int start = 1;
  private int peeked = -2;

  CsvReader(Path path, InputStream in) {
    this.path = path;
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16);
    int first = read();
    peeked = first == '\uFEFF' ? -2 : first;
    List<String> names = fields();
    if (names == null) {
      throw new DatasetException(path + " is empty. The first line of a CSV file names the columns.");
    }
    if (new HashSet<>(names).size() < names.size()) {
      throw new DatasetException(path + ":1 names a column twice: " + names + ". Rename one.");
    }
    header = names;
  }

  @Override
  public @Nullable RawRow next() {
    List<String> fields = fields();
    if (fields == null) {
      return null;
    }
    Origin origin = new Origin(path.toString(), start);
    if (fields.size() != header.size()) {
      return RawRow.bad(fields.size() + " fields instead of " + header.size(), origin);
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    for (int i = 0; i < header.size(); i++) {
      columns.put(header.get(i), fields.get(i));
    }
    return RawRow.of(columns, origin);
  }

  /** The fields of the next record that is not blank. */
  private @Nullable List<String> fields() {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean any = false;
    start = line;
    for (int c = read(); ; c = read()) {
      if (c == '"' && field.isEmpty()) {
        quoted(field);
        any = true;
      } else if (c == ',') {
        fields.add(field.toString());
        field.setLength(0);
        any = true;
      } else if (c == '\n' || c < 0) {
        if (any || !field.isEmpty()) {
          fields.add(field.toString());
          return List.copyOf(fields);
        }
        if (c < 0) {
          return null;
        }
        start = line;
      } else if (c != '\r' || peek() != '\n') {
        add(field, c);
      }
    }
  }

  private void quoted(StringBuilder field) {
    int from = line;
    for (int c = read(); c != '"' || peek() == '"'; c = read()) {
      if (c < 0) {
        throw new DatasetException(path + ":" + from + " opens a quoted field that no line closes; all rows behind it "
            + "would be lost. Close it, and double every quote inside a field.");
      }
      if (c == '"') {
        read();
      }
      add(field, c);
    }
  }

  private void add(StringBuilder field, int c) {
    if (field.length() >= LONGEST_FIELD) {
      throw new DatasetException(path + ":" + start + " has a field of more than " + (LONGEST_FIELD >> 20)
          + " Mi characters. A quote may be missing; close it, or split the field.");
    }
    field.append((char) c);
  }

  private int peek() {
    if (peeked == -2) {
      peeked = character();
    }
    return peeked;
  }

  private int read() {
    int c = peek();
    peeked = -2;
    line += c == '\n' ? 1 : 0;
    return c;
  }

  private int character() {
    try {
      return in.read();
    } catch (CharacterCodingException e) {
      throw new DatasetException(path + ":" + line + " or a line soon after it is no UTF-8 text. Convert the file to UTF-8.", e);
    } catch (IOException e) {
      throw new DatasetException(path + ":" + line + " cannot be read: " + e + ". Mend the file or fetch it again.", e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
