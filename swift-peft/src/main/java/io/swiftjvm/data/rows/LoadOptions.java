package io.swiftjvm.data.rows;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How files are read.
 *
 * @param strict a bad row is an error instead of a counted drop
 * @param maxDropRatio largest share of rows that may be dropped, 0 .. 1; more is an error
 * @param shuffle {@code #N} and the split for validation draw at random instead of going by the order of the file
 * @param seed seeds those draws
 * @param columns column names of the file to standard names
 * @param autoColumns map usual column names (prompt, answer, ..) to standard names
 * @param modelName fills {{NAME}} of self-cognition rows
 * @param modelAuthor fills {{AUTHOR}} of self-cognition rows
 */
public record LoadOptions(
    boolean strict, double maxDropRatio, boolean shuffle, long seed, Map<String, String> columns, boolean autoColumns,
    @Nullable String modelName, @Nullable String modelAuthor) {
  /** Lenient up to half of the rows, in file order. */
  public static final LoadOptions DEFAULT = new LoadOptions(false, 0.5, false, 42, Map.of(), true, null, null);

  public LoadOptions {
    columns = Map.copyOf(columns);
    if (!(maxDropRatio >= 0 && maxDropRatio <= 1)) {
      throw new InvalidPlanException("max_drop_ratio is " + maxDropRatio + "; it must be 0 .. 1.");
    }
  }

  /** Sets whether a bad row is an error. Default: false. */
  public LoadOptions strict(boolean v) {
    return new LoadOptions(v, maxDropRatio, shuffle, seed, columns, autoColumns, modelName, modelAuthor);
  }

  /** Sets the share of rows that may be dropped, 0 .. 1. Default: 0.5. */
  public LoadOptions maxDropRatio(double v) {
    return new LoadOptions(strict, v, shuffle, seed, columns, autoColumns, modelName, modelAuthor);
  }

  /** Sets whether samples are drawn at random. Default: false. */
  public LoadOptions shuffle(boolean v) {
    return new LoadOptions(strict, maxDropRatio, v, seed, columns, autoColumns, modelName, modelAuthor);
  }

  /** Sets the seed of random draws. Default: 42. */
  public LoadOptions seed(long v) {
    return new LoadOptions(strict, maxDropRatio, shuffle, v, columns, autoColumns, modelName, modelAuthor);
  }

  /** Sets the names of columns. Default: none. */
  public LoadOptions columns(Map<String, String> v) {
    return new LoadOptions(strict, maxDropRatio, shuffle, seed, v, autoColumns, modelName, modelAuthor);
  }

  /** Sets whether usual column names are mapped. Default: true. */
  public LoadOptions autoColumns(boolean v) {
    return new LoadOptions(strict, maxDropRatio, shuffle, seed, columns, v, modelName, modelAuthor);
  }

  /** Sets the name in self-cognition rows. Default: none. */
  public LoadOptions modelName(@Nullable String v) {
    return new LoadOptions(strict, maxDropRatio, shuffle, seed, columns, autoColumns, v, modelAuthor);
  }

  /** Sets the maker in self-cognition rows. Default: none. */
  public LoadOptions modelAuthor(@Nullable String v) {
    return new LoadOptions(strict, maxDropRatio, shuffle, seed, columns, autoColumns, modelName, v);
  }
}
