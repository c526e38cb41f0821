package io.swiftjvm.text.jinja;

import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/** Python's {@code range}. */
final class Range extends AbstractList<Object> implements RandomAccess {
  /** As many numbers as Jinja's sandbox allows. */
  private static final int MAX = 100_000;

  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  Range(long start, long stop, long step) {
    if (step == 0) {
      throw new JinjaError("range() arg 3 must not be zero");
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    double count = Math.ceil(((double) stop - (double) start) / step);
    if (count > MAX) {
      throw new JinjaError("Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX + ").");
    }
    this.size = (int) Math.max(0, count);
  }

  @Override
  public Object get(int index) {
    return start + Objects.checkIndex(index, size) * step;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String toString() {
    return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
  }
}
