package io.swiftjvm.data.rows;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How files are read.
 *
 * @param strict a bad row is an error instead of a counted drop
 * @param shuffle {@code #N} draws at random instead of taking the first rows
 * @param seed seeds that draw
 * @param columns column names of the file to standard names
 * @param modelName fills {{NAME}} of self-cognition rows
 * @param modelAuthor fills {{AUTHOR}} of self-cognition rows
 */
public record LoadOptions(
    boolean strict, boolean shuffle, long seed, Map<String, String> columns, @Nullable String modelName,
    @Nullable String modelAuthor) {
  /** Lenient, in file order. */
  public static final LoadOptions DEFAULT = new LoadOptions(false, false, 42, Map.of(), null, null);

  public LoadOptions {
    columns = Map.copyOf(columns);
  }

  public LoadOptions strict(boolean v) {
    return new LoadOptions(v, shuffle, seed, columns, modelName, modelAuthor);
  }

  public LoadOptions shuffle(boolean v, long withSeed) {
    return new LoadOptions(strict, v, withSeed, columns, modelName, modelAuthor);
  }

  public LoadOptions columns(Map<String, String> v) {
    return new LoadOptions(strict, shuffle, seed, v, modelName, modelAuthor);
  }

  public LoadOptions identity(@Nullable String name, @Nullable String author) {
    return new LoadOptions(strict, shuffle, seed, columns, name, author);
  }
}
