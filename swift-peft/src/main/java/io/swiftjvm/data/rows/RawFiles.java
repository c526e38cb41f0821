package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** Opens data files by their ending: JSONL, JSON, CSV and TXT, each also compressed with gzip, and Parquet. */
final class RawFiles {
  /** Endings of files that hold rows; {@code .gz} may follow. */
  static final List<String> ENDINGS = List.of(".jsonl", ".json", ".csv", ".txt", ".parquet");

  private RawFiles() {}

  /** The ending that decides how {@code path} is read, "" if it is not known. */
  static String ending(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    return name.endsWith(".parquet.gz") ? "" : ENDINGS.stream().filter(plain::endsWith).findFirst().orElse("");
  }

  static RawReader open(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return new ParquetReader(path);
    }
    if (name.endsWith(".arrow") || name.endsWith(".parquet.gz")) {
      throw new DatasetException(path + " is in a form that this version does not read. Write it as .parquet or .jsonl.");
    }
    InputStream in = stream(path);
    boolean done = false;
    try {
      RawReader reader = switch (ending(path)) {
        case ".txt" -> LineReader.text(path, in);
        case ".csv" -> new CsvReader(path, in);
        case ".json" -> array(in, false) ? new JsonArrayReader(path, in) : LineReader.json(path, in);
        default -> array(in, true) ? new JsonArrayReader(path, in) : LineReader.json(path, in);
      };
      done = true;
      return reader;
    } catch (IOException e) {
      throw unreadable(path, e);
    } finally {
      if (!done) {
        closeQuietly(in);
      }
    }
  }

  private static InputStream stream(Path path) {
    try {
      InputStream file = Files.newInputStream(path);
      try {
        return new BufferedInputStream(path.toString().toLowerCase(Locale.ROOT).endsWith(".gz")
            ? new GZIPInputStream(file, 1 << 16) : file, 1 << 16);
      } catch (IOException e) {
        closeQuietly(file);
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static DatasetException unreadable(Path path, IOException e) {
    return new DatasetException(path + " cannot be read: " + e + ". Mend the file or fetch it again.", e);
  }

  private static void closeQuietly(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      // the failure that led here is the one to tell
    }
  }

  /**
   * Whether the text begins an array; among lines only one of objects does, since a line may be a broken row that begins
   * with a bracket.
   */
  private static boolean array(InputStream in, boolean lines) throws IOException {
    in.mark(1 << 15);
    int first = visible(in);
    boolean array = first == '[' && (!lines || visible(in) == '{');
    in.reset();
    return array;
  }

  private static int visible(InputStream in) throws IOException {
    int c = in.read();
    for (int i = 0; i < 1 << 14 && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c >= 0xBB && c <= 0xEF); i++) {
      c = in.read();
    }
    return c;
  }
}
