package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import io.swiftjvm.tuner.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Loads data sets. A bad row is dropped, counted and named with file and line, or refused when strict; it is never
 * replaced by another.
 *
 * {@snippet :
 * LoadedRows loaded = DatasetLoader.load(List.of("rows.jsonl#500"), LoadOptions.DEFAULT);
 * }
 */
public final class DatasetLoader {
  private DatasetLoader() {}

  /** Reads all specs and tells what would be dropped, even if that is everything; rows are not kept in memory. */
  public static DropReport check(List<String> specs, LoadOptions options, Consumer<DropReport.Dropped> listener) {
    Drops drops = new Drops(options, listener);
    for (String text : specs) {
      DatasetSpec spec = DatasetSpec.parse(text);
      try (RowStream rows = open(new DatasetSpec(spec.path(), spec.subsets(), null, spec.hub()), options, drops)) {
        while (rows.next() != null) {
          drops.keep(1);
        }
      }
    }
    return drops.report();
  }

  /** The rows of all specs, one behind the other; a data set without a usable row is refused. */
  public static LoadedRows load(List<String> specs, LoadOptions options) {
    return load(specs, options, 0, Mixing.NONE, new Drops(options, drop -> { }));
  }

  /**
   * The rows of all specs, mixed, with a share of each spec held out.
   *
   * @param ratio share of each data set that is held out: its last rows, or drawn ones when {@code options} shuffle;
   *     at least one row where it is above 0
   * @param drops counts the rows that cannot be used, and the others as kept
   */
  public static LoadedRows load(List<String> specs, LoadOptions options, double ratio, Mixing mixing, Drops drops) {
    List<List<Row>> train = new ArrayList<>();
    List<List<Row>> held = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (String text : specs) {
      DatasetSpec spec = DatasetSpec.parse(text);
      List<Row> rows = all(spec, options, drops, notes);
      if (rows.isEmpty()) {
        throw new DatasetException("no row of '" + spec.path() + "' can be used; " + drops.first());
      }
      Integer count = spec.count();
      int wanted = count == null ? rows.size() : count;
      if (ratio == 0) {
        train.add(count == null ? rows : sample(rows, wanted, options, text));
        held.add(List.of());
        continue;
      }
      int size = Math.max(1, (int) (Math.min(wanted, rows.size()) * ratio));
      if (size >= Math.min(wanted, rows.size())) {
        throw new DatasetException("split_dataset_ratio " + ratio + " leaves no row of '" + text + "', which has "
            + Math.min(wanted, rows.size()) + ", to train on. Lower it.");
      }
      List<Row> order = options.shuffle() ? shuffle(rows, options.seed(), "split " + text) : rows;
      int rest = rows.size() - size;
      held.add(order.subList(rest, rows.size()));
      train.add(sample(order.subList(0, rest), wanted - size, options, text));
    }
    List<Row> rows = join(train, specs, mixing, options.seed(), notes);
    List<Row> out = held.stream().flatMap(List::stream).toList();
    drops.keep(rows.size() + out.size());
    return new LoadedRows(rows, out, drops.report(), notes);
  }

  /**
   * The usable rows of a data set in order, without holding them in memory; {@code #N} takes the first N, over and over
   * where there are fewer. Drops are counted in {@code drops}, kept rows are not.
   */
  public static RowStream open(DatasetSpec spec, LoadOptions options, Drops drops) {
    Integer count = spec.count();
    Supplier<RowStream> all;
    if (spec.path().equals(DatasetSpec.SELF_COGNITION)) {
      List<Row> rows = SelfCognition.rows(spec.subsets(), options, drops);
      all = () -> new ListRows(rows);
    } else {
      List<Path> files = files(spec).files();
      all = () -> new FileRows(files, options, drops);
    }
    return count == null ? all.get() : new CountedRows(all, count);
  }

  /**
   * {@link #open(DatasetSpec, LoadOptions, Drops)} for several data sets, one behind the other or mixed, without the share
   * {@code ratio} of each that {@link #held} takes.
   */
  public static RowStream open(List<String> specs, LoadOptions options, double ratio, Mixing mixing, Drops drops) {
    List<Supplier<RowStream>> sources = new ArrayList<>();
    for (String text : specs) {
      DatasetSpec spec = DatasetSpec.parse(text);
      int skipped = share(spec, ratio);
      sources.add(() -> {
        RowStream rows = open(spec, options, drops);
        for (int i = 0; i < skipped; i++) {
          rows.next();
        }
        return rows;
      });
    }
    return mixing.mixes(specs.size()) ? mixed(sources, mixing, options.seed()) : new ChainedRows(sources);
  }

  /** The first rows of each data set that a stream leaves for validation: the share {@code ratio} of its {@code #N}. */
  public static List<Row> held(List<String> specs, LoadOptions options, double ratio) {
    List<Row> out = new ArrayList<>();
    for (String text : specs) {
      DatasetSpec spec = DatasetSpec.parse(text);
      try (RowStream rows = open(spec, options, new Drops(options, drop -> { }))) {
        for (int left = share(spec, ratio); left > 0; left--) {
          Row row = rows.next();
          if (row != null) {
            out.add(row);
          }
        }
      }
    }
    return out;
  }

  private static int share(DatasetSpec spec, double ratio) {
    Integer count = spec.count();
    if (ratio > 0 && count == null) {
      throw new DatasetException("split_dataset_ratio needs the number of rows, which a stream of '" + spec.path()
          + "' does not have. Write '" + spec.path() + "#1000', or give val_dataset.");
    }
    return count == null ? 0 : (int) (count * ratio);
  }

  private static MixedRows mixed(List<Supplier<RowStream>> sources, Mixing mixing, long seed) {
    Seeds random = Seeds.of(seed, "interleave");
    return new MixedRows(sources, mixing.stopping(), () -> mixing.pick(random.uniform()));
  }

  private static List<Row> all(DatasetSpec spec, LoadOptions options, Drops drops, List<String> notes) {
    List<Row> out = new ArrayList<>();
    if (!spec.path().equals(DatasetSpec.SELF_COGNITION)) {
      files(spec).left().forEach(file -> notes.add(file + " is not used: its name marks test or validation data"));
    }
    try (RowStream rows = open(new DatasetSpec(spec.path(), spec.subsets(), null, spec.hub()), options, drops)) {
      for (Row row = rows.next(); row != null; row = rows.next()) {
        out.add(row);
      }
    }
    return out;
  }

  private static List<Row> join(
      List<List<Row>> parts, List<String> names, Mixing mixing, long seed, List<String> notes) {
    if (!mixing.mixes(parts.size())) {
      return parts.stream().flatMap(List::stream).toList();
    }
    List<Supplier<RowStream>> sources = new ArrayList<>();
    parts.forEach(part -> sources.add(() -> new ListRows(part)));
    List<Row> out = new ArrayList<>();
    try (MixedRows mixed = mixed(sources, mixing, seed)) {
      for (Row row = mixed.next(); row != null; row = mixed.next()) {
        out.add(row);
      }
      for (int i = 0; i < parts.size(); i++) {
        int size = parts.get(i).size();
        if (mixed.given(i) < size) {
          notes.add("the mixture ends before " + (size - mixed.given(i)) + " of " + size + " rows of " + names.get(i));
        } else if (mixed.given(i) > size) {
          notes.add("the mixture takes " + mixed.given(i) + " rows of " + names.get(i) + ", which has " + size);
        }
      }
    }
    return out;
  }

  /** What tells whether the files of a spec are still the same: name, size and time of change of each. */
  public static List<String> identity(DatasetSpec spec) {
    if (spec.path().equals(DatasetSpec.SELF_COGNITION)) {
      return List.of(spec.path());
    }
    List<String> out = new ArrayList<>();
    for (Path file : files(spec).files()) {
      try {
        out.add(file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
      } catch (IOException e) {
        throw new DatasetException(file + " cannot be read: " + e, e);
      }
    }
    return out;
  }

  /** The files that a spec means; nothing is read. */
  static DataFolder files(DatasetSpec spec) {
    Path path;
    try {
      path = Path.of(spec.path());
    } catch (InvalidPathException e) {
      throw new DatasetException("data set '" + spec.path() + "' is no path: " + e.getMessage(), e);
    }
    if (spec.hub() == null && Files.isDirectory(path)) {
      return DataFolder.of(path, spec.subsets());
    }
    if (spec.hub() != null || !Files.isRegularFile(path)) {
      throw new DatasetException("data set '" + spec.path() + "' is neither a file nor a folder here"
          + (spec.hub() == null ? "" : " but on a hub, and this version does not download data sets")
          + ". Pass a .jsonl, .json, .csv, .txt or .parquet file, a folder of them, or " + DatasetSpec.SELF_COGNITION + ".");
    }
    if (!spec.subsets().isEmpty()) {
      throw new DatasetException("'" + spec.path() + "' is a file and has no subsets " + spec.subsets()
          + ". Leave them out, or pass a folder.");
    }
    return new DataFolder(List.of(path), List.of());
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
