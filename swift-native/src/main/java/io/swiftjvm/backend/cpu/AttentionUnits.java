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
  /** What is done with queries [from, to) of a sequence for {@code heads} heads from {@code head} on, of one key head. */
  @FunctionalInterface
  interface Body {
    void run(Sequence sequence, int head, int heads, long from, long to);
  }

  private record Block(Sequence sequence, int index, long from, long to) {}

  private final List<Block> blocks = new ArrayList<>();
  /** Up to so many queries of a sequence read keys once for all heads of a group; in the C files. */
  private static final int FEW = 16;
  /** Queries of a unit: keys are laid out for so many at a time. */
  private static final int BLOCK = 128;

  private final AttentionSpec spec;
  private final Segments segments;
  private final int heads;
  private final int each;
  private long pairs;
  private long queries;
  private final long allQueries;

  private AttentionUnits(AttentionSpec spec, Segments segments, int heads, int each, long allQueries, long block) {
    this.spec = spec;
    this.segments = segments;
    this.heads = heads;
    this.each = each;
    this.allQueries = allQueries;
    for (int s = 0; s < segments.count(); s++) {
      long length = segments.qLength()[s];
      long keys = segments.kLength()[s];
      Sequence sequence =
          new Sequence(allQueries, segments.qStart()[s], length, segments.kStart()[s], keys, pages(segments, s),
              segments.pages() == null ? 1 : segments.pages().size());
      for (long from = 0; from < length; from += block) {
        blocks.add(new Block(sequence, s, from, Math.min(length, from + block)));
      }
      pairs += length * (keys - length / 2) * heads;
      queries += length;
    }
  }

  private static @Nullable MemorySegment pages(Segments segments, int s) {
    return segments.pages() == null ? null
        : Checks.memory(segments.pages().table()).asSlice((long) segments.kStart()[s] * Integer.BYTES);
  }

  static AttentionUnits forward(AttentionSpec spec, Segments segments, long queries, int threads) {
    boolean few = true;
    for (int length : segments.qLength()) {
      few &= length <= FEW;
    }
    int group = spec.heads() / spec.kvHeads();
    // Two heads of a block of queries share its turned keys; more at once would leave threads idle.
    int each = few ? group : group % 2 == 0 ? 2 : 1;
    // Later blocks see more keys: of four units or more for each thread all threads end at about the same time.
    boolean shared = queries / BLOCK * (spec.heads() / each) >= 4L * threads;
    return new AttentionUnits(spec, segments, spec.heads(), each, queries, shared ? BLOCK : BLOCK / 2);
  }

  static AttentionUnits backward(AttentionSpec spec, Segments segments, long queries) {
    return new AttentionUnits(spec, segments, spec.kvHeads(), 1, queries, Long.MAX_VALUE / 2);
  }

  /** True if these were cut for the same. */
  @SuppressWarnings("ReferenceEquality") // segments hold arrays: equal ones would cost more than to cut them again
  boolean isOf(AttentionSpec otherSpec, Segments otherSegments, long otherQueries) {
    return segments == otherSegments && spec.equals(otherSpec) && allQueries == otherQueries;
  }

  long count() {
    return (long) blocks.size() * (heads / each);
  }

  /** Heads of a unit. */
  int each() {
    return each;
  }

  /** For each block of queries its sequence, its first query and the one behind its last. */
  long[] blocks() {
    long[] words = new long[3 * blocks.size()];
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      words[3 * i] = block.index;
      words[3 * i + 1] = block.from;
      words[3 * i + 2] = block.to;
    }
    return words;
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
      int units = heads / each;
      Block block = blocks.get(blocks.size() - 1 - (int) (i / units));
      body.run(block.sequence, (int) (i % units) * each, each, block.from, block.to);
    }
  }
}
