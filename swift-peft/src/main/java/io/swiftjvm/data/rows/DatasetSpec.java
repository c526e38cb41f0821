package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --dataset} names: {@code path}, or {@code path#500} for 500 rows of it.
 *
 * @param path a file, a folder, or {@code swift/self-cognition}
 * @param count how many rows; null = all
 */
public record DatasetSpec(String path, @Nullable Integer count) {
  /** The embedded data set that gives a model a name and a maker. */
  public static final String SELF_COGNITION = "swift/self-cognition";

  private static final Pattern SPEC = Pattern.compile("(?:(hf|ms|HF|MS)::)?(.+?)(?:#(-?\\d{1,9}))?");

  /** Reads a spec; hub ids are refused, since nothing is downloaded. */
  public static DatasetSpec parse(String text) {
    Matcher matcher = SPEC.matcher(text.strip());
    if (!matcher.matches()) {
      throw new DatasetException("'" + text + "' names no data set. Write a file, a folder or " + SELF_COGNITION + ".");
    }
    String path = matcher.group(2);
    if (matcher.group(1) != null) {
      throw new DatasetException("'" + text + "' is on a hub; this version does not download. Pass a local file or folder.");
    }
    String count = matcher.group(3);
    if (count == null || count.equals("-1")) {
      return new DatasetSpec(path, null);
    }
    int rows = Integer.parseInt(count);
    if (rows < 1) {
      throw new DatasetException("'" + text + "' asks for " + rows + " rows. Write #1 or more, or leave it out for all.");
    }
    return new DatasetSpec(path, rows);
  }
}
