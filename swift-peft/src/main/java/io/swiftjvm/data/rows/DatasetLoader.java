package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.tuner.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads data sets. A bad row is dropped, counted and named with file and line, or refused when strict; it is never
 * replaced by another.
 *
 * {@snippet :
 * LoadedRows loaded = DatasetLoader.load(List.of("rows.jsonl#500"), LoadOptions.DEFAULT);
 * }
 */
public final class DatasetLoader {
  private static final String EMBEDDED = "/io/swiftjvm/datasets/self-cognition.jsonl";

  private DatasetLoader() {}

  /** Reads all specs and tells what would be dropped, even if that is everything. */
  public static DropReport check(List<String> specs, LoadOptions options) {
    List<DropReport.Dropped> dropped = new ArrayList<>();
    int kept = 0;
    for (String text : specs) {
      kept += rows(DatasetSpec.parse(text), options, dropped).size();
    }
    return new DropReport(kept, dropped);
  }

  /** The rows of all specs, one behind the other; a data set without a usable row is refused. */
  public static LoadedRows load(List<String> specs, LoadOptions options) {
    List<Row> rows = new ArrayList<>();
    List<DropReport.Dropped> dropped = new ArrayList<>();
    for (String text : specs) {
      DatasetSpec spec = DatasetSpec.parse(text);
      int before = dropped.size();
      List<Row> own = rows(spec, options, dropped);
      if (own.isEmpty()) {
        throw new DatasetException("no row of '" + spec.path() + "' can be used"
            + (dropped.size() > before ? "; the first: " + dropped.get(before) : "; it is empty") + ".");
      }
      Integer count = spec.count();
      rows.addAll(count == null ? own : sample(own, count, options, text));
    }
    return new LoadedRows(rows, new DropReport(rows.size(), dropped));
  }

  private static List<Row> rows(DatasetSpec spec, LoadOptions options, List<DropReport.Dropped> dropped) {
    boolean self = spec.path().equals(DatasetSpec.SELF_COGNITION);
    List<Row> out = new ArrayList<>();
    for (RawRow raw : self ? selfCognition(options) : RawFiles.read(Path.of(spec.path()))) {
      try {
        Map<String, @Nullable Object> columns = raw.columns();
        if (columns == null) {
          throw new DatasetException(raw.problem());
        }
        out.add(RowFormat.standard(columns, options.columns(), raw.origin()));
      } catch (SwiftException e) {
        if (options.strict()) {
          throw new DatasetException(raw.origin() + ": " + e.getMessage(), e);
        }
        dropped.add(new DropReport.Dropped(raw.origin(), String.valueOf(e.getMessage())));
      }
    }
    return out;
  }

  private static List<RawRow> selfCognition(LoadOptions options) {
    String name = options.modelName();
    String author = options.modelAuthor();
    if (name == null || author == null) {
      throw new DatasetException(DatasetSpec.SELF_COGNITION + " needs model_name and model_author, got " + name + " and "
          + author + ". Pass both.");
    }
    try (InputStream in = DatasetLoader.class.getResourceAsStream(EMBEDDED)) {
      if (in == null) {
        throw new DatasetException("the class path has no " + EMBEDDED + ". Use the library's own jar.");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      List<RawRow> out = new ArrayList<>();
      for (RawRow raw : RawFiles.jsonl(Path.of(DatasetSpec.SELF_COGNITION), text)) {
        Map<String, @Nullable Object> columns = new LinkedHashMap<>();
        Map<String, @Nullable Object> given = raw.columns();
        if (given != null) {
          given.forEach((k, v) -> columns.put(k,
              v instanceof String s ? s.replace("{{NAME}}", name).replace("{{AUTHOR}}", author) : v));
        }
        out.add(RawRow.of(columns, raw.origin()));
      }
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** N rows: whole passes first when there are fewer, then the first ones, or drawn ones when shuffling. */
  private static List<Row> sample(List<Row> rows, int count, LoadOptions options, String name) {
    List<Row> out = new ArrayList<>();
    for (int i = 0; i < count / rows.size(); i++) {
      out.addAll(rows);
    }
    List<Row> rest = options.shuffle() ? shuffle(rows, options.seed(), "sample " + name) : rows;
    out.addAll(rest.subList(0, count % rows.size()));
    return out;
  }

  /** The rows in an order that depends on seed and name alone (Fisher and Yates over SplitMix64). */
  public static List<Row> shuffle(List<Row> rows, long seed, String name) {
    List<Row> out = new ArrayList<>(rows);
    Seeds random = Seeds.of(seed, name);
    for (int i = out.size() - 1; i > 0; i--) {
      int j = (int) (random.uniform() * (i + 1));
      Row swap = out.get(i);
      out.set(i, out.get(j));
      out.set(j, swap);
    }
    return out;
  }
}
