package io.swiftjvm.data.rows;

/**
 * Where a row stands.
 *
 * @param file the file or data set
 * @param line from 1; the element's number in a JSON array
 */
public record Origin(String file, int line) {
  @Override
  public String toString() {
    return file + ":" + line;
  }
}
