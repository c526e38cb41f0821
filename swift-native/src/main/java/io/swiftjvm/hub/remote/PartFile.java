package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An unfinished file: {@code NAME.incomplete} with the bytes, and {@code NAME.incomplete.parts} beside it, which tells
 * how far each part has come. The second file never runs ahead of the first; when it is missing, as after another
 * library, the bytes are a beginning without holes.
 */
final class PartFile {
  private static final String HEADER = "swift parts 1";
  private static final long SAVE_EVERY = 8L << 20;
  private static final Pattern ETAG = Pattern.compile("\"[\\x21\\x23-\\x7e]{1,256}\"");

  private final Path data;
  private final Path state;
  private final List<Part> parts;
  private @Nullable String etag;
  private long unsaved;

  /** Bytes {@code start} to {@code end}, the latter excluded, of which the first {@code done} are here. */
  static final class Part {
    final long start;
    final long end;
    private volatile long done;

    Part(long start, long end, long done) {
      this.start = start;
      this.end = end;
      this.done = done;
    }

    long done() {
      return done;
    }

    boolean isWhole() {
      return done == end - start;
    }
  }

  private PartFile(Path data, List<Part> parts, @Nullable String etag) {
    this.data = data;
    this.state = stateOf(data);
    this.parts = List.copyOf(parts);
    this.etag = etag;
  }

  private static Path stateOf(Path data) {
    return data.resolveSibling(data.getFileName() + ".parts");
  }

  /**
   * Continues what an earlier run left at {@code data}, or starts anew.
   *
   * @param count parts to cut the missing bytes into
   * @param trustPrefix whether bytes of unknown origin may be continued, which a hash at the end must then confirm
   */
  static PartFile open(Path data, long size, int count, boolean trustPrefix) throws IOException {
    PartFile left = Files.isRegularFile(stateOf(data)) ? parse(data, size) : null;
    if (left != null) {
      return left;
    }
    boolean foreign = !Files.exists(stateOf(data)) && Files.isRegularFile(data);
    long prefix = foreign && trustPrefix && Files.size(data) <= size ? Files.size(data) : 0;
    if (prefix == 0) {
      discard(data);
    }
    List<Part> parts = new ArrayList<>();
    if (prefix > 0) {
      parts.add(new Part(0, prefix, prefix));
    }
    for (int i = 0; i < count; i++) {
      long start = prefix + (size - prefix) * i / count;
      long end = prefix + (size - prefix) * (i + 1) / count;
      if (end > start) {
        parts.add(new Part(start, end, 0));
      }
    }
    return new PartFile(data, parts, null);
  }

  private static @Nullable PartFile parse(Path data, long size) throws IOException {
    List<String> lines = Files.readString(stateOf(data), StandardCharsets.ISO_8859_1).lines().toList();
    if (lines.size() < 4 || !lines.get(0).equals(HEADER) || !lines.get(1).equals("size " + size)
        || !Files.isRegularFile(data)) {
      return null;
    }
    String etag = lines.get(2).equals("etag") ? null : lines.get(2).substring("etag".length()).strip();
    List<Part> parts = new ArrayList<>();
    long at = 0;
    for (String line : lines.subList(3, lines.size())) {
      if (!line.matches("\\d{1,18} \\d{1,18} \\d{1,18}")) {
        return null;
      }
      String[] numbers = line.split(" ", -1);
      Part part = new Part(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
      boolean fits = part.start == at && part.end > part.start && part.done <= part.end - part.start;
      if (!fits || (part.done > 0 && Files.size(data) < part.start + part.done)) {
        return null;
      }
      parts.add(part);
      at = part.end;
    }
    return at == size ? new PartFile(data, parts, etag) : null;
  }

  Path data() {
    return data;
  }

  List<Part> parts() {
    return parts;
  }

  long done() {
    return parts.stream().mapToLong(Part::done).sum();
  }

  /** The strong ETag that all parts must come with; null until the first answer. */
  synchronized @Nullable String etag() {
    return etag;
  }

  /** Takes the ETag of an answer; {@link RestartException} when an earlier part had another one. */
  synchronized void agree(String answered) throws IOException {
    if (!ETAG.matcher(answered).matches()) {
      return;
    }
    if (etag == null) {
      etag = answered;
      save();
    } else if (!etag.equals(answered)) {
      throw new RestartException("the file changed on the hub: its ETag was " + etag + ", now it is " + answered);
    }
  }

  /** Notes {@code bytes} more of {@code part}, which are in the data file already. */
  synchronized void advance(Part part, int bytes) throws IOException {
    part.done = part.done + bytes;
    unsaved += bytes;
    if (unsaved >= SAVE_EVERY) {
      save();
    }
  }

  /** Writes the state, also while the thread is being interrupted. */
  synchronized void save() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      StringBuilder text = new StringBuilder(HEADER + "\nsize " + parts.getLast().end + "\netag"
          + (etag == null ? "" : " " + etag) + "\n");
      parts.forEach(p -> text.append(p.start).append(' ').append(p.end).append(' ').append(p.done).append('\n'));
      Path next = state.resolveSibling(state.getFileName() + ".tmp");
      Files.writeString(next, text, StandardCharsets.ISO_8859_1);
      Renames.replace(next, state);
      unsaved = 0;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Removes the state after the data file has been moved to its place. */
  void forget() throws IOException {
    Files.deleteIfExists(state);
  }

  /** Removes data and state at {@code data}. */
  static void discard(Path data) throws IOException {
    Files.deleteIfExists(data);
    Files.deleteIfExists(stateOf(data));
  }
}
