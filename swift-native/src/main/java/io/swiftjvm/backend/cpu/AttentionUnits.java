package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.cpu.Kernels.Sequence;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An attention call cut into pieces that threads can draw: blocks of queries forward, whole sequences backward. */
final class AttentionUnits {
  /** A block of queries of one sequence for one head. */
  record Unit(Sequence sequence, int head, long from, long to) {}

  /** What is done with one unit. */
  @FunctionalInterface
  interface Body {
    void run(Unit unit);
  }

  private record Block(Sequence sequence, long from, long to) {}

  private final List<Block> blocks = new ArrayList<>();
  private final int heads;
  private long pairs;
  private long queries;
  private final long allQueries;

  private AttentionUnits(Segments segments, int heads, long allQueries, long block) {
    this.heads = heads;
    this.allQueries = allQueries;
    for (int s = 0; s < segments.count(); s++) {
      long length = segments.qLength()[s];
      long keys = segments.kLength()[s];
      Sequence sequence =
          new Sequence(allQueries, segments.qStart()[s], length, segments.kStart()[s], keys, pages(segments, s),
              segments.pages() == null ? 1 : segments.pages().size());
      for (long from = 0; from < length; from += block) {
        blocks.add(new Block(sequence, from, Math.min(length, from + block)));
      }
      pairs += length * (keys - length / 2) * heads;
      queries += length;
    }
  }

  private static @Nullable MemorySegment pages(Segments segments, int s) {
    return segments.pages() == null ? null
        : Checks.memory(segments.pages().table()).asSlice((long) segments.kStart()[s] * Integer.BYTES);
  }

  static AttentionUnits forward(AttentionSpec spec, Segments segments, long queries, long block) {
    return new AttentionUnits(segments, spec.heads(), queries, block);
  }

  static AttentionUnits backward(AttentionSpec spec, Segments segments, long queries) {
    return new AttentionUnits(segments, spec.kvHeads(), queries, Long.MAX_VALUE / 2);
  }

  long count() {
    return (long) blocks.size() * heads;
  }

  /** Pairs of a query and a key over all heads. */
  long pairs() {
    return pairs;
  }

  /** True if every query row belongs to a segment. */
  boolean coversAll() {
    return queries >= allQueries;
  }

  /** Units {@code [from, to)}; later blocks of a sequence see more keys and come first. */
  void run(long from, long to, Body body) {
    for (long i = from; i < to; i++) {
      Block block = blocks.get(blocks.size() - 1 - (int) (i / heads));
      body.run(new Unit(block.sequence, (int) (i % heads), block.from, block.to));
    }
  }
}
