package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The data files of a folder, its sub-folders included, in the order of their names. Where some are marked as training
 * data, those marked as test or validation data are left out and told. Hidden files and descriptions are no data.
 *
 * @param files what to read
 * @param left what was left out because its name marks another split
 */
record DataFolder(List<Path> files, List<Path> left) {
  private static final int DEPTH = 8;
  private static final Set<String> DESCRIPTIONS =
      Set.of("config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json");
  private static final Pattern TRAIN = Pattern.compile("(^|[^a-z])(train|training)([^a-z]|$)");
  private static final Pattern OTHER = Pattern.compile("(^|[^a-z])(test|testing|valid|validation|val|dev|eval)([^a-z]|$)");

  static DataFolder of(Path folder, List<String> subsets) {
    List<Path> all = new ArrayList<>();
    if (subsets.isEmpty()) {
      all.addAll(data(folder, folder));
    }
    for (String subset : subsets) {
      Path part = folder.resolve(subset).normalize();
      if (!part.startsWith(folder.normalize()) || !Files.isDirectory(part)) {
        throw new DatasetException("the folder " + folder + " has no sub-folder '" + subset + "'; it has "
            + subFolders(folder) + ". A subset of a folder is one of its sub-folders.");
      }
      all.addAll(data(folder, part));
    }
    if (all.isEmpty()) {
      throw new DatasetException("the folder " + folder + " has no " + String.join(", ", RawFiles.ENDINGS)
          + " file (or one of these with .gz). Pass one that has.");
    }
    boolean marked = all.stream().anyMatch(file -> TRAIN.matcher(name(folder, file)).find());
    List<Path> left =
        marked ? all.stream().filter(file -> OTHER.matcher(name(folder, file)).find()).toList() : List.<Path>of();
    all.removeAll(left);
    return new DataFolder(List.copyOf(all), left);
  }

  private static List<Path> data(Path root, Path folder) {
    try (Stream<Path> files = Files.walk(folder, DEPTH)) {
      return files.filter(Files::isRegularFile).filter(file -> !RawFiles.ending(file).isEmpty())
          .filter(file -> !DESCRIPTIONS.contains(file.getFileName().toString())).filter(file -> !hidden(root, file))
          .sorted().toList();
    } catch (IOException e) {
      throw new DatasetException("the folder " + folder + " cannot be read: " + e, e);
    }
  }

  private static boolean hidden(Path root, Path file) {
    for (Path part : root.relativize(file)) {
      if (part.toString().startsWith(".") || part.toString().startsWith("__")) {
        return true;
      }
    }
    return false;
  }

  private static List<String> subFolders(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).map(p -> p.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String name(Path folder, Path file) {
    return folder.relativize(file).toString().toLowerCase(Locale.ROOT);
  }
}
