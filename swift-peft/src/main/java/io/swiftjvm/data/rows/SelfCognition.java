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

/**
 * The embedded rows that give a model a name and a maker. Subsets as in ms-swift: {@code default}; {@code qwen3} asks
 * with {@code /no_think} and answers with an empty thought; {@code empty_think} answers so.
 */
final class SelfCognition {
  private static final String EMBEDDED = "/io/swiftjvm/datasets/self-cognition.jsonl";

  private static final String NO_THOUGHT = "<think>\n\n</think>\n\n";

  private SelfCognition() {}

  static List<Row> rows(List<String> subsets, LoadOptions options, Drops drops) {
    List<Row> out = new ArrayList<>();
    for (String subset : subsets.isEmpty() ? List.of("default") : subsets) {
      out.addAll(rows(subset, options, drops));
    }
    return out;
  }

  private static List<Row> rows(String subset, LoadOptions options, Drops drops) {
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
        Row row = FileRows.usable(filled(raw, subset, name, author), options, drops);
        if (row != null) {
          out.add(row);
        }
      }
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The row with its placeholders filled, in the form of {@code subset}. */
  static RawRow filled(RawRow raw, String subset, String name, String author) {
    String asked;
    String thought;
    switch (subset) {
      case "default" -> {
        asked = "";
        thought = "";
      }
      case "qwen3" -> {
        asked = " /no_think";
        thought = NO_THOUGHT;
      }
      case "empty_think" -> {
        asked = "";
        thought = NO_THOUGHT;
      }
      default -> throw new DatasetException(DatasetSpec.SELF_COGNITION + " has no subset '" + subset
          + "'. Use default, qwen3 or empty_think.");
    }
    Map<String, @Nullable Object> given = raw.columns();
    if (given == null) {
      return raw;
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    given.forEach((column, value) -> {
      Object filled = value instanceof String s ? s.replace("{{NAME}}", name).replace("{{AUTHOR}}", author) : value;
      columns.put(column, column.equals("query") ? filled + asked : column.equals("response") ? thought + filled : filled);
    });
    return RawRow.of(columns, raw.origin());
  }
}
