package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --dataset} names, in ms-swift's notation: {@code [hf::|ms::]id_or_path[:subset1/subset2][#N]}. A path that
 * exists is taken whole, whatever characters it has.
 *
 * @param path a file, a folder, {@code swift/self-cognition} or an id on a hub
 * @param subsets parts of it: sub-folders of a folder; empty = all
 * @param count how many rows, at least 1; null = all
 * @param hub the hub that was named, {@code hf} or {@code ms}; null = none
 */
public record DatasetSpec(String path, List<String> subsets, @Nullable Integer count, @Nullable String hub) {
  /** The embedded data set that gives a model a name and a maker. */
  public static final String SELF_COGNITION = "swift/self-cognition";

  private static final Pattern NUMBER = Pattern.compile("\\s*[+-]?\\d{1,9}\\s*");

  public DatasetSpec {
    subsets = List.copyOf(subsets);
  }

  /** Reads a spec. */
  public static DatasetSpec parse(String text) {
    String rest = text;
    String hub = null;
    if (!exists(text)) {
      int colons = text.indexOf("::");
      if (colons >= 0) {
        String named = text.substring(0, colons).toLowerCase(Locale.ROOT);
        hub = named.equals("hf") || named.equals("ms") ? named : null;
        rest = text.substring(colons + 2);
      }
    }
    Integer count = null;
    int hash = rest.lastIndexOf('#');
    if (!exists(rest) && hash >= 0) {
      count = count(text, rest.substring(hash + 1));
      rest = rest.substring(0, hash);
    }
    List<String> subsets = List.of();
    int colon = rest.indexOf(':');
    if (!exists(rest) && colon >= 0) {
      subsets = Arrays.stream(rest.substring(colon + 1).split("/", -1)).map(String::strip).toList();
      rest = rest.substring(0, colon);
    }
    if (rest.isBlank()) {
      throw new DatasetException("'" + text + "' names no data set. Write a file, a folder or " + SELF_COGNITION + ".");
    }
    return new DatasetSpec(rest.strip(), subsets, count, hub);
  }

  private static @Nullable Integer count(String text, String digits) {
    if (!NUMBER.matcher(digits).matches()) {
      throw new DatasetException("'" + text + "' has '" + digits + "' for a number of rows. Write #500, or leave it out.");
    }
    int rows = Integer.parseInt(digits.strip());
    if (rows == -1) {
      return null;
    }
    if (rows < 1) {
      throw new DatasetException("'" + text + "' asks for " + rows + " rows. Write #1 or more, or leave it out for all.");
    }
    return rows;
  }

  private static boolean exists(String text) {
    try {
      return Files.exists(Path.of(text));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
