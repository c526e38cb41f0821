package io.swiftjvm.data.rows;

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

/** The embedded rows that give a model a name and a maker. */
final class SelfCognition {
  private static final String EMBEDDED = "/io/swiftjvm/datasets/self-cognition.jsonl";

  private SelfCognition() {}

  static List<Row> rows(LoadOptions options, Drops drops) {
    String name = options.modelName();
    String author = options.modelAuthor();
    if (name == null || author == null) {
      throw new DatasetException(DatasetSpec.SELF_COGNITION + " needs model_name and model_author, got " + name + " and "
          + author + ". Pass both.");
    }
    InputStream in = SelfCognition.class.getResourceAsStream(EMBEDDED);
    if (in == null) {
      throw new DatasetException("the class path has no " + EMBEDDED + ". Use the library's own jar.");
    }
    List<Row> out = new ArrayList<>();
    try (in; LineReader lines = LineReader.json(Path.of(DatasetSpec.SELF_COGNITION), in)) {
      for (RawRow raw = lines.next(); raw != null; raw = lines.next()) {
        Row row = FileRows.usable(filled(raw, name, author), options, drops);
        if (row != null) {
          out.add(row);
        }
      }
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RawRow filled(RawRow raw, String name, String author) {
    Map<String, @Nullable Object> given = raw.columns();
    if (given == null) {
      return raw;
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    given.forEach((k, v) -> columns.put(k,
        v instanceof String s ? s.replace("{{NAME}}", name).replace("{{AUTHOR}}", author) : v));
    return RawRow.of(columns, raw.origin());
  }
}
