package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The blocks of one call's segments; kept while the same segments come again, as they do layer by layer. */
final class Tiles {
  private static final int NUMBERS = 5;

  /** Blocks on the device, five numbers each; the longest row of keys. */
  record Cut(Tensor table, int count, int longest) {}

  /**
   * The blocks that a replay uses: they stay where they are on the device, and {@link #rewrite} puts those of other segments
   * there. While a thread has a book, its calls get blocks from that alone.
   */
  static final class Book {
    private record Key(Tiles tiles, int group) {}

    private final Map<Key, Cut> cuts = new HashMap<>();

    private Cut of(Tiles tiles, Segments segments, int group) {
      return cuts.computeIfAbsent(new Key(tiles, group), key -> tiles.make(segments, group));
    }

    /** Puts other segments in the place of the last ones; false if their launches would be others. */
    boolean rewrite(Segments segments) {
      for (Map.Entry<Key, Cut> entry : cuts.entrySet()) {
        Cut old = entry.getValue();
        int[] numbers = entry.getKey().tiles.numbers(segments, entry.getKey().group);
        int longest = longest(segments);
        if (numbers.length != NUMBERS * old.count || Attention.shares(longest) != Attention.shares(old.longest)) {
          return false;
        }
        old.table.write(MemorySegment.ofArray(numbers), 0);
        entry.setValue(new Cut(old.table, old.count, longest));
      }
      return true;
    }

    void close() {
      cuts.values().forEach(cut -> cut.table.storage().release());
      cuts.clear();
    }
  }

  private final CudaBackend backend;
  private final Session session;
  private final int rows;
  private final boolean byQueries;
  private @Nullable Segments last;
  private int lastGroup;
  private @Nullable Cut cut;

  Tiles(CudaBackend backend, Session session, int rows, boolean byQueries) {
    this.backend = backend;
    this.session = session;
    this.rows = rows;
    this.byQueries = byQueries;
  }

  static boolean covers(Segments segments, long queries) {
    long covered = 0;
    for (int length : segments.qLength()) {
      covered += length;
    }
    return covered >= queries;
  }

  @SuppressWarnings("ReferenceEquality") // segments hold arrays: equal ones would cost more than a new cut
  Cut of(Segments segments, int group) {
    Book book = session.book();
    if (book != null) {
      return book.of(this, segments, group);
    }
    Cut found = cut;
    if (found != null && last == segments && lastGroup == group) {
      return found;
    }
    close();
    found = make(segments, group);
    cut = found;
    last = segments;
    lastGroup = group;
    return found;
  }

  private Cut make(Segments segments, int group) {
    int[] numbers = numbers(segments, group);
    Tensor table = Tensor.of(backend.allocate(Math.max(4L, 4L * numbers.length)), DType.I32, numbers.length);
    table.write(MemorySegment.ofArray(numbers), 0);
    return new Cut(table, numbers.length / NUMBERS, longest(segments));
  }

  private static int longest(Segments segments) {
    int longest = 0;
    for (int length : segments.kLength()) {
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private int[] numbers(Segments segments, int group) {
    int count = 0;
    for (int s = 0; s < segments.count(); s++) {
      count += Math.ceilDiv(length(segments, s, group), rows);
    }
    int[] numbers = new int[NUMBERS * count];
    int at = 0;
    for (int s = 0; s < segments.count(); s++) {
      // Later queries see more keys: they go first, so that no long block is left over at the end.
      for (int t = Math.ceilDiv(length(segments, s, group), rows) - 1; t >= 0; t--) {
        numbers[at++] = segments.qStart()[s];
        numbers[at++] = segments.qLength()[s];
        numbers[at++] = segments.kStart()[s];
        numbers[at++] = segments.kLength()[s];
        numbers[at++] = t * rows;
      }
    }
    return numbers;
  }

  private int length(Segments segments, int s, int group) {
    int queries = segments.qLength()[s];
    return byQueries ? queries * group : queries == 0 ? 0 : segments.kLength()[s];
  }

  void close() {
    Cut old = cut;
    if (old != null) {
      old.table().storage().release();
      cut = null;
      last = null;
    }
  }
}
