package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which rows are trained on, and how they are read.
 *
 * @param datasets dataset specs: path or {@code swift/self-cognition}, with {@code #N} for a sample
 * @param validation specs of validation data
 * @param splitRatio share of the rows that is held out for validation when none is given, 0 .. below 1
 * @param shuffle shuffle the data set once, before batching
 * @param loaderShuffle draw the rows of every epoch in another order
 * @param strict a bad row is an error instead of a counted drop
 * @param columns column names of the file to standard names
 * @param modelName fills {{NAME}} of self-cognition rows
 * @param modelAuthor fills {{AUTHOR}} of self-cognition rows
 */
public record DataSettings(
    List<String> datasets, List<String> validation, double splitRatio, boolean shuffle, boolean loaderShuffle,
    boolean strict, Map<String, String> columns, @Nullable String modelName, @Nullable String modelAuthor) {
  static final DataSettings DEFAULT =
      new DataSettings(List.of(), List.of(), 0, true, true, false, Map.of(), null, null);

  public DataSettings {
    datasets = List.copyOf(datasets);
    validation = List.copyOf(validation);
    columns = Map.copyOf(columns);
    if (!(splitRatio >= 0 && splitRatio < 1)) {
      throw new InvalidPlanException("split_dataset_ratio is " + splitRatio + "; it must be 0 .. below 1.");
    }
  }

  DataSettings datasets(List<String> v) {
    return new DataSettings(v, validation, splitRatio, shuffle, loaderShuffle, strict, columns, modelName, modelAuthor);
  }

  DataSettings validation(List<String> v) {
    return new DataSettings(datasets, v, splitRatio, shuffle, loaderShuffle, strict, columns, modelName, modelAuthor);
  }

  DataSettings splitRatio(double v) {
    return new DataSettings(datasets, validation, v, shuffle, loaderShuffle, strict, columns, modelName, modelAuthor);
  }

  DataSettings shuffle(boolean v) {
    return new DataSettings(datasets, validation, splitRatio, v, loaderShuffle, strict, columns, modelName, modelAuthor);
  }

  DataSettings loaderShuffle(boolean v) {
    return new DataSettings(datasets, validation, splitRatio, shuffle, v, strict, columns, modelName, modelAuthor);
  }

  DataSettings strict(boolean v) {
    return new DataSettings(datasets, validation, splitRatio, shuffle, loaderShuffle, v, columns, modelName, modelAuthor);
  }

  DataSettings columns(Map<String, String> v) {
    return new DataSettings(datasets, validation, splitRatio, shuffle, loaderShuffle, strict, v, modelName, modelAuthor);
  }

  DataSettings modelName(@Nullable String v) {
    return new DataSettings(datasets, validation, splitRatio, shuffle, loaderShuffle, strict, columns, v, modelAuthor);
  }

  DataSettings modelAuthor(@Nullable String v) {
    return new DataSettings(datasets, validation, splitRatio, shuffle, loaderShuffle, strict, columns, modelName, v);
  }
}
