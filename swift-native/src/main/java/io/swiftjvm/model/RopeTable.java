package io.swiftjvm.model;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Cosines and sines by position of one {@link RopeSpec}, grown as positions come; safe for several threads. */
final class RopeTable {
  /**
   * cos and sin (n,rotary/2) of the positions of one pass.
   *
   * @param staged where numbers are before they are uploaded, kept for passes that are done again
   */
  record Angles(Tensor cos, Tensor sin, MemorySegment staged) {}

  /** Tables up to this many numbers are kept between passes (16 MiB of each). */
  private static final long KEPT = 4L << 20;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Table(long variant, int positions, float[] cos, float[] sin) {}

  private final RopeSpec spec;
  private volatile @Nullable Table kept;

  RopeTable(RopeSpec spec) {
    this.spec = spec;
  }

  /** Room for the angles of n positions. */
  Angles room(Scope scope, int n) {
    int half = spec.rotary() / 2;
    return new Angles(scope.floats(n, half), scope.floats(n, half), MemorySegment.ofArray(new float[n * half]));
  }

  /** Puts the angles of {@code positions} into {@code room}. */
  void write(Backend backend, int[] positions, Angles room) {
    int last = 0;
    for (int position : positions) {
      last = Math.max(last, position);
    }
    int half = spec.rotary() / 2;
    if ((last + 1L) * half <= KEPT) {
      Table table = upTo(last + 1);
      upload(backend, positions, table.cos, half, room.staged, room.cos);
      upload(backend, positions, table.sin, half, room.staged, room.sin);
    } else {
      float[] cos = new float[positions.length * half];
      float[] sin = new float[cos.length];
      fill(positions, spec.frequencies(last + 1L), cos, sin);
      backend.upload(MemorySegment.ofArray(cos), room.cos);
      backend.upload(MemorySegment.ofArray(sin), room.sin);
    }
  }

  private static void upload(
      Backend backend, int[] positions, float[] table, int half, MemorySegment staged, Tensor target) {
    for (int i = 0; i < positions.length; i++) {
      MemorySegment.copy(table, positions[i] * half, staged, ValueLayout.JAVA_FLOAT, (long) i * half * Float.BYTES, half);
    }
    backend.upload(staged, target);
  }

  private Table upTo(int length) {
    Table table = kept;
    long variant = spec.variant(length);
    if (table == null || table.variant != variant || table.positions < length) {
      int half = spec.rotary() / 2;
      int positions = (int) Math.min(Math.max(Integer.highestOneBit(length) * 2L, 64), KEPT / half);
      int[] all = new int[positions];
      for (int i = 0; i < positions; i++) {
        all[i] = i;
      }
      table = new Table(variant, positions, new float[positions * half], new float[positions * half]);
      fill(all, spec.frequencies(length), table.cos, table.sin);
      kept = table;
    }
    return table;
  }

  private void fill(int[] positions, float[] frequencies, float[] cos, float[] sin) {
    float factor = (float) spec.attentionFactor();
    int half = frequencies.length;
    for (int i = 0; i < positions.length; i++) {
      for (int j = 0; j < half; j++) {
        float angle = positions[i] * frequencies[j];
        cos[i * half + j] = (float) Math.cos(angle) * factor;
        sin[i * half + j] = (float) Math.sin(angle) * factor;
      }
    }
  }
}
