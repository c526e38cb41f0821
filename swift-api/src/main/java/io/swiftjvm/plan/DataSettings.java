package io.swiftjvm.plan;

import io.swiftjvm.data.batch.Grouping;
import io.swiftjvm.data.rows.Access;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which rows are trained on, and how they are read.
 *
 * @param datasets dataset specs: path or {@code swift/self-cognition}, with {@code :subset} and {@code #N}
 * @param validation specs of validation data
 * @param splitRatio share of the rows that is held out for validation when none is given, 0 .. below 1
 * @param loaderShuffle draw the rows of every epoch in another order
 * @param validationShuffle shuffle the validation data once
 * @param load how files are read; its {@code shuffle} also shuffles the data set once, before batching
 * @param mixing how several data sets become one
 * @param access whether rows are read before the training, when their turn comes, or as a stream
 * @param grouping which rows come together in a micro-batch
 * @param cached folders of rows that were encoded before, instead of {@code datasets}
 * @param cachedValidation the same for validation
 */
public record DataSettings(
    List<String> datasets, List<String> validation, double splitRatio, boolean loaderShuffle, boolean validationShuffle,
    LoadOptions load, Mixing mixing, Access access, Grouping grouping, List<String> cached,
    List<String> cachedValidation) {
  static final DataSettings DEFAULT = new DataSettings(
      List.of(), List.of(), 0, true, false, LoadOptions.DEFAULT.shuffle(true), Mixing.NONE, Access.DEFAULT,
      Grouping.DEFAULT, List.of(), List.of());

  public DataSettings {
    datasets = List.copyOf(datasets);
    validation = List.copyOf(validation);
    cached = List.copyOf(cached);
    cachedValidation = List.copyOf(cachedValidation);
    if (!(splitRatio >= 0 && splitRatio < 1)) {
      throw new InvalidPlanException("split_dataset_ratio is " + splitRatio + "; it must be 0 .. below 1.");
    }
  }

  DataSettings datasets(List<String> v) {
    return new DataSettings(v, validation, splitRatio, loaderShuffle, validationShuffle, load, mixing, access,
        grouping, cached, cachedValidation);
  }

  DataSettings validation(List<String> v) {
    return new DataSettings(datasets, v, splitRatio, loaderShuffle, validationShuffle, load, mixing, access,
        grouping, cached, cachedValidation);
  }

  DataSettings splitRatio(double v) {
    return new DataSettings(datasets, validation, v, loaderShuffle, validationShuffle, load, mixing, access,
        grouping, cached, cachedValidation);
  }

  DataSettings loaderShuffle(boolean v) {
    return new DataSettings(datasets, validation, splitRatio, v, validationShuffle, load, mixing, access,
        grouping, cached, cachedValidation);
  }

  DataSettings validationShuffle(boolean v) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, v, load, mixing, access,
        grouping, cached, cachedValidation);
  }

  DataSettings load(UnaryOperator<LoadOptions> f) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, f.apply(load), mixing,
        access, grouping, cached, cachedValidation);
  }

  DataSettings mixing(UnaryOperator<Mixing> f) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, load, f.apply(mixing),
        access, grouping, cached, cachedValidation);
  }

  DataSettings access(UnaryOperator<Access> f) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, load, mixing,
        f.apply(access), grouping, cached, cachedValidation);
  }

  DataSettings grouping(UnaryOperator<Grouping> f) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, load, mixing, access,
        f.apply(grouping), cached, cachedValidation);
  }

  DataSettings cached(List<String> v) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, load, mixing, access,
        grouping, v, cachedValidation);
  }

  DataSettings cachedValidation(List<String> v) {
    return new DataSettings(datasets, validation, splitRatio, loaderShuffle, validationShuffle, load, mixing, access,
        grouping, cached, v);
  }

  /** True if there is data to train on. */
  public boolean any() {
    return !datasets.isEmpty() || !cached.isEmpty();
  }

  /** The name that self-cognition rows get, or null. */
  public @Nullable String modelName() {
    return load.modelName();
  }

  /** The maker that self-cognition rows name, or null. */
  public @Nullable String modelAuthor() {
    return load.modelAuthor();
  }
}
